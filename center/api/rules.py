"""Rules: what raises alarms. Written, previewed on the last 24 hours, and then switched on."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.alarms.errors import (
    BeyondSightError,
    BlankPreviewError,
    NoPreviewError,
    OwnRuleError,
    RuleChangedError,
    TooBroadError,
    TooManyRulesError,
    UnknownRuleError,
)
from center.alarms.rule import RuleText
from center.alarms.views import LateList, PreviewView, RuleList, RuleView, VersionView
from center.api.errors import QUERY_ERRORS, documented
from center.errors import (
    NotLoggedInError,
    QueryRefusedError,
    StoreUnavailableError,
)
from center.services import Asker, Served, Sight

router = APIRouter(tags=["rules"])

RuleId = Annotated[int, Path(ge=1, le=2**31)]
Version = Annotated[int, Path(ge=1, le=2**31)]
Cursor = Annotated[int | None, Query(ge=1, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=200)]
_EDIT: Final = needs(Permission.ALARM_EDIT)
_ALWAYS: Final = (NotLoggedInError, StoreUnavailableError)


class Change(BaseModel):
    """A new text for a rule, by somebody who has read `version`."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    text: RuleText


class Switch(BaseModel):
    """The version that is meant."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    unseen: bool = False
    """Also where its preview is `blank`: nothing was archived then."""


@router.get("/rules", operation_id="list_rules", openapi_extra=_EDIT, responses=documented(*_ALWAYS))
def list_rules(services: Served, sight: Sight, limit: Limit = 50, cursor: Cursor = None) -> RuleList:
    """Newest first, retired ones too, of those that look at nothing but cameras in sight."""
    return services.alarms.rules.rules(before=cursor, limit=limit, sight=sight)


@router.post(
    "/rules",
    operation_id="create_rule",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(*_ALWAYS, BeyondSightError, TooManyRulesError, OwnRuleError),
)
def create_rule(text: RuleText, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """A new rule, switched off."""
    return services.alarms.rules.create(text, actor=asker.actor, sight=sight)


@router.get(
    "/rules/{rule_id}", operation_id="get_rule", openapi_extra=_EDIT, responses=documented(*_ALWAYS, UnknownRuleError)
)
def get_rule(rule_id: RuleId, services: Served, sight: Sight) -> RuleView:
    """One of them, with what its newest version found in the 24 hours before its preview."""
    return services.alarms.rules.rule(rule_id, sight=sight)


@router.put(
    "/rules/{rule_id}",
    operation_id="change_rule",
    openapi_extra=_EDIT,
    responses=documented(*_ALWAYS, BeyondSightError, UnknownRuleError, RuleChangedError, OwnRuleError),
)
def change_rule(rule_id: RuleId, change: Change, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """A new version. What is in force stays so until this one is previewed and switched on."""
    return services.alarms.rules.change(rule_id, change.text, version=change.version, actor=asker.actor, sight=sight)


@router.delete(
    "/rules/{rule_id}",
    operation_id="retire_rule",
    openapi_extra=_EDIT,
    responses=documented(*_ALWAYS, UnknownRuleError),
)
def retire_rule(rule_id: RuleId, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Take it out of force for good. Its versions and alarms stay."""
    return services.alarms.rules.switch_off(rule_id, actor=asker.actor, sight=sight, retire=True)


@router.get(
    "/rules/{rule_id}/versions",
    operation_id="list_rule_versions",
    openapi_extra=_EDIT,
    responses=documented(*_ALWAYS, UnknownRuleError),
)
def list_rule_versions(rule_id: RuleId, services: Served, sight: Sight) -> tuple[VersionView, ...]:
    """Oldest first."""
    return services.alarms.rules.versions(rule_id, sight=sight)


@router.post(
    "/rules/{rule_id}/versions/{version}/preview",
    operation_id="preview_rule",
    openapi_extra=_EDIT,
    responses=documented(
        *_ALWAYS,
        UnknownRuleError,
        *QUERY_ERRORS,
        QueryRefusedError,
    ),
)
async def preview_rule(rule_id: RuleId, version: Version, services: Served, asker: Asker, sight: Sight) -> PreviewView:
    """Tell what it would have found in the last 24 hours; kept, since nothing is switched on without."""
    return await services.alarms.previews.run(rule_id, version, actor=asker.actor, sight=sight)


@router.post(
    "/rules/{rule_id}/on",
    operation_id="switch_rule_on",
    openapi_extra=_EDIT,
    responses=documented(
        *_ALWAYS, UnknownRuleError, RuleChangedError, NoPreviewError, BlankPreviewError, TooBroadError
    ),
)
def switch_rule_on(rule_id: RuleId, switch: Switch, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Put its newest version in force, once it was previewed and found not to match everything."""
    return services.alarms.rules.switch_on(
        rule_id, version=switch.version, actor=asker.actor, sight=sight, unseen=switch.unseen
    )


@router.post(
    "/rules/{rule_id}/off",
    operation_id="switch_rule_off",
    openapi_extra=_EDIT,
    responses=documented(*_ALWAYS, UnknownRuleError),
)
def switch_rule_off(rule_id: RuleId, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Take it out of force."""
    return services.alarms.rules.switch_off(rule_id, actor=asker.actor, sight=sight)


@router.get(
    "/rules/{rule_id}/late",
    operation_id="list_late",
    openapi_extra=_EDIT,
    responses=documented(*_ALWAYS, UnknownRuleError),
)
def list_late(
    rule_id: RuleId,
    services: Served,
    sight: Sight,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,15}~[\x21-\x7e]{1,192}$")] = None,
) -> LateList:
    """What it matched too late to alarm anybody, newest first."""
    at_ms, _, subject = (cursor or "").partition("~")
    return services.alarms.rules.late(
        rule_id, cursor=None if cursor is None else (int(at_ms), subject), limit=limit, sight=sight
    )
