"""Assembles the API as one FastAPI application, which the centre mounts under `/api`."""

from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.api import (
    assessment,
    assessment_rules,
    audit,
    basemap,
    case_machines,
    cases,
    errors,
    evidence,
    fleet,
    health,
    jobs,
    notify,
    observations,
    pipeline,
    searches,
    sms_months,
    wall,
)
from center.api.accounts import account, auth, districts, users
from center.api.alarms import alarms, rules, tactics
from center.api.document import attribute_docs, guard_answers
from center.api.maintenance import order_months, order_terms, orders

DESCRIPTION = """Vehicles and two-wheelers that cameras saw; every face and plate was covered at the edge.

Log in with `POST /login` and keep the cookie it sets, or show a token: `Authorization: Bearer …`. Each route names the
permission it asks for as `x-permission`; what an account may not see is answered like what does not exist.
State-changing requests of a browser must come from the console's own origin. Times are milliseconds since the Unix
epoch, UTC; boxes are pixels of the picture.
Nothing here says anything about a person."""

_NOUNS: Final = (
    auth,
    account,
    users,
    districts,
    audit,
    health,
    fleet,
    observations,
    searches,
    notify,
    sms_months,
    rules,
    tactics,
    alarms,
    cases,
    case_machines,
    evidence,
    assessment,
    assessment_rules,
    order_terms,
    order_months,
    orders,
    pipeline,
    jobs,
    basemap,
    wall,
)


class _Api(FastAPI):
    """A FastAPI application whose OpenAPI document has the guard's answers and the texts behind attributes."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = guard_answers.completed(super().openapi())
            attribute_docs.describe(self.openapi_schema, [route for noun in _NOUNS for route in noun.router.routes])
        return self.openapi_schema


def create() -> FastAPI:
    """Makes the API; its services come with each request (`center.services`)."""
    app = _Api(
        title="Wayside centre",
        version="1",
        description=DESCRIPTION,
        servers=[{"url": "/api"}],
        root_path_in_servers=False,
        separate_input_output_schemas=False,  # none differs; where one refers to itself, pydantic names it twice
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served below, behind the guard like everything else
        openapi_tags=[
            {"name": "auth", "description": "Sessions."},
            {"name": "account", "description": "One's own password, second factor and tokens."},
            {"name": "setup", "description": "The first account."},
            {"name": "users", "description": "Accounts, and what each may do."},
            {"name": "districts", "description": "Named groups of cameras, in which roles are given."},
            {"name": "audit", "description": "Who did what, as a chain of hashes."},
            {"name": "health", "description": "Whether the centre and what it depends on work."},
            {"name": "agents", "description": "Agents as the roster names them and as they report."},
            {"name": "cameras", "description": "Cameras as their agents report them."},
            {"name": "observations", "description": "The archive."},
            {"name": "search", "description": "Machines counted, searches kept and taken away."},
            {"name": "notify", "description": "Who is told, and what became of each message."},
            {"name": "rules", "description": "What raises alarms: every version is kept."},
            {"name": "alarms", "description": "What was raised, and what became of it."},
            {"name": "cases", "description": "What may be asked about one stolen machine, where and until when."},
            {"name": "evidence", "description": "Chosen observations as one signed, time-stamped archive."},
            {"name": "assessment", "description": "How cameras, districts and the fleet did, and by which rules."},
            {"name": "orders", "description": "Maintenance orders: faults, repairs and the clocks of the contract."},
            {"name": "pipeline", "description": "The full chain from camera to answer, and what is parsed where."},
            {
                "name": "jobs",
                "description": "What agents were ordered to fetch or to analyse more often.",
            },
            {"name": "wall", "description": "Figures of the whole centre for a screen that hangs on a wall."},
            {"name": "map", "description": "What a map stands on: the site's own outlines and tiles."},
        ],
    )
    errors.install(app)
    for noun in _NOUNS:
        app.include_router(noun.router)

    @app.get("/openapi.json", include_in_schema=False, openapi_extra=needs(Permission.SIGNED_IN))
    async def schema(_request: Request) -> dict[str, Any]:
        return app.openapi()

    return app
