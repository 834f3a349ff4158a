"""Routes of tactics: texts of rules that a district shares under a name."""

from typing import Annotated, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from center.access.districts import DISTRICT_PATTERN
from center.access.errors import UnknownDistrictError
from center.access.permissions import Identity, Permission
from center.access.route_permissions import needs
from center.alarms.errors import (
    BeyondDistrictError,
    TacticNamedError,
    TooManyTacticsError,
    UnknownRuleError,
    UnknownTacticError,
)
from center.alarms.views import TacticView
from center.api.errors import documented
from center.services import Asker, Served, Sight
from provisioning.contracts.config.camera import Label

router = APIRouter(tags=["rules"])

TacticId = Annotated[int, Path(ge=1, le=2**31)]
_EDIT: Final = needs(Permission.ALARM_EDIT)


class NewTactic(BaseModel):
    """A version of a rule, which a district shares under a name."""

    model_config = ConfigDict(extra="forbid")

    district_id: str = Field(pattern=DISTRICT_PATTERN)
    name: Label
    rule_id: int = Field(ge=1, le=2**31)
    version: int = Field(ge=1, le=2**31)


@router.get("/tactics", operation_id="list_tactics", openapi_extra=_EDIT)
def list_tactics(services: Served, asker: Asker) -> tuple[TacticView, ...]:
    """List the tactics of the districts in which the account may edit rules."""
    return services.alarms.tactics.tactics(districts=_districts(asker))


@router.post(
    "/tactics",
    operation_id="share_tactic",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(
        UnknownRuleError, UnknownDistrictError, BeyondDistrictError, TacticNamedError, TooManyTacticsError
    ),
)
def share_tactic(body: NewTactic, services: Served, asker: Asker, sight: Sight) -> TacticView:
    """Share a version of a rule in the district of its cameras. A rule is made of it by `create_rule` with its text."""
    return services.alarms.tactics.share(
        body.district_id,
        body.name,
        body.rule_id,
        body.version,
        actor=asker.actor,
        sight=sight,
        districts=_districts(asker),
    )


@router.get(
    "/tactics/{tactic_id}",
    operation_id="get_tactic",
    openapi_extra=_EDIT,
    responses=documented(UnknownTacticError),
)
def get_tactic(tactic_id: TacticId, services: Served, asker: Asker) -> TacticView:
    """Show one tactic with its text."""
    return services.alarms.tactics.tactic(tactic_id, districts=_districts(asker))


@router.delete(
    "/tactics/{tactic_id}",
    operation_id="remove_tactic",
    openapi_extra=_EDIT,
    status_code=204,
    responses=documented(UnknownTacticError),
)
def remove_tactic(tactic_id: TacticId, services: Served, asker: Asker) -> None:
    """Remove a tactic. Rules that were made of it stay."""
    services.alarms.tactics.remove(tactic_id, actor=asker.actor, districts=_districts(asker))


def _districts(asker: Identity) -> frozenset[str] | None:
    return asker.access.districts(Permission.ALARM_EDIT)
