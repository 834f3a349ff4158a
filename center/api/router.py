"""All of the API as one FastAPI application, which the centre mounts under `/api`."""

from typing import Any

from fastapi import FastAPI
from starlette.requests import Request

from center.api import (
    agents,
    assessment,
    assessment_rules,
    auth,
    cameras,
    health,
    observations,
    problems,
    setup,
)
from center.services import Asker

DESCRIPTION = """Vehicles and two-wheelers that cameras saw; every face and plate was covered at the edge.

Log in with `POST /login`; the cookie it sets opens every other route. State-changing requests of a browser must come
from the console's own origin. Times are milliseconds since the Unix epoch, UTC; boxes are pixels of the picture.
Nothing here says anything about a person."""


def create() -> FastAPI:
    """The API; what it works on comes with each request (`center.services`)."""
    app = FastAPI(
        title="Wayside centre",
        version="1",
        description=DESCRIPTION,
        servers=[{"url": "/api"}],
        root_path_in_servers=False,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # served below, behind the guard like everything else
        openapi_tags=[
            {"name": "auth", "description": "Sessions."},
            {"name": "setup", "description": "The first account."},
            {"name": "health", "description": "Whether the centre and what it depends on work."},
            {"name": "agents", "description": "Agents as the roster names them and as they report."},
            {"name": "cameras", "description": "Cameras as their agents report them."},
            {"name": "observations", "description": "The archive."},
            {"name": "assessment", "description": "How cameras, districts and the fleet did, and by which rules."},
        ],
    )
    problems.install(app)
    for noun in (auth, setup, health, agents, cameras, observations, assessment, assessment_rules):
        app.include_router(noun.router)

    @app.get("/openapi.json", include_in_schema=False)
    async def schema(_request: Request, _asker: Asker) -> dict[str, Any]:
        return app.openapi()

    return app
