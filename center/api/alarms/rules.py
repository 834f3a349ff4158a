"""Routes of alarm rules: written, previewed on the last 24 hours, and then switched on."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.alarms.errors import (
    BeyondSightError,
    BlankPreviewError,
    MissingCamerasError,
    NoPreviewError,
    OwnRuleError,
    RuleChangedError,
    SecondAccountError,
    TooBroadError,
    TooManyRulesError,
    UnknownRuleError,
)
from center.alarms.rule_files import RuleFile
from center.alarms.rules.rule import RuleText
from center.alarms.views import LateList, PreviewView, RuleList, RuleVersionView, RuleView
from center.api.errors import QUERY_ERRORS, documented
from center.errors import (
    QueryRefusedError,
)
from center.pagination import NumberCursor
from center.services import Asker, Served, Sight

router = APIRouter(tags=["rules"])

RuleId = Annotated[int, Path(ge=1, le=2**31)]
Version = Annotated[int, Path(ge=1, le=2**31)]
Limit = Annotated[int, Query(ge=1, le=200)]
_EDIT: Final = needs(Permission.ALARM_EDIT)


class RuleChange(BaseModel):
    """A new text for a rule, from a user who has read `version`."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    text: RuleText


class RuleSwitch(BaseModel):
    """The version to switch on."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    unseen: bool = False
    """True: also if its preview is `blank`, since nothing was archived then."""


@router.get("/rules", operation_id="list_rules", openapi_extra=_EDIT)
def list_rules(services: Served, sight: Sight, limit: Limit = 50, cursor: NumberCursor = None) -> RuleList:
    """List rules, newest first, retired ones too, if all their cameras are in sight."""
    before = None if cursor is None else int(cursor)
    return services.alarms.rules.rules(before=before, limit=limit, sight=sight)


@router.post(
    "/rules",
    operation_id="create_rule",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(BeyondSightError, TooManyRulesError, OwnRuleError),
)
def create_rule(text: RuleText, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Make a rule, switched off."""
    return services.alarms.rules.create(text, actor=asker.actor, sight=sight)


@router.get("/rules/{rule_id}", operation_id="get_rule", openapi_extra=_EDIT, responses=documented(UnknownRuleError))
def get_rule(rule_id: RuleId, services: Served, sight: Sight) -> RuleView:
    """Show a rule with the matches of its newest version in the 24 hours before its preview."""
    return services.alarms.rules.rule(rule_id, sight=sight)


@router.put(
    "/rules/{rule_id}",
    operation_id="change_rule",
    openapi_extra=_EDIT,
    responses=documented(BeyondSightError, UnknownRuleError, RuleChangedError, OwnRuleError),
)
def change_rule(rule_id: RuleId, change: RuleChange, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Write a new version. The version in force stays so until this one is previewed and switched on."""
    return services.alarms.rules.change(rule_id, change.text, version=change.version, actor=asker.actor, sight=sight)


@router.delete(
    "/rules/{rule_id}",
    operation_id="retire_rule",
    openapi_extra=_EDIT,
    responses=documented(UnknownRuleError),
)
def retire_rule(rule_id: RuleId, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Take a rule out of force for good. Its versions and alarms stay."""
    return services.alarms.rules.switch_off(rule_id, actor=asker.actor, sight=sight, retire=True)


@router.get(
    "/rules/{rule_id}/versions",
    operation_id="list_rule_versions",
    openapi_extra=_EDIT,
    responses=documented(UnknownRuleError),
)
def list_rule_versions(rule_id: RuleId, services: Served, sight: Sight) -> tuple[RuleVersionView, ...]:
    """List the versions of a rule, oldest first."""
    return services.alarms.rules.versions(rule_id, sight=sight)


@router.post(
    "/rules/{rule_id}/versions/{version}/preview",
    operation_id="preview_rule",
    openapi_extra=_EDIT,
    responses=documented(
        UnknownRuleError,
        *QUERY_ERRORS,
        QueryRefusedError,
    ),
)
async def preview_rule(rule_id: RuleId, version: Version, services: Served, asker: Asker, sight: Sight) -> PreviewView:
    """Find what a version would have matched in the last 24 hours; stored, since no rule is switched on without it."""
    return await services.alarms.previews.run(rule_id, version, actor=asker.actor, sight=sight)


@router.get(
    "/rules/{rule_id}/versions/{version}/file",
    operation_id="export_rule",
    openapi_extra=_EDIT,
    responses=documented(UnknownRuleError),
)
def export_rule(
    rule_id: RuleId, version: Version, services: Served, asker: Asker, sight: Sight, response: Response
) -> RuleFile:
    """Export a version as a file, which `import_rule` takes."""
    response.headers["Content-Disposition"] = f'attachment; filename="rule-{rule_id}-{version}.json"'
    return services.alarms.files.export(rule_id, version, actor=asker.actor, sight=sight)


@router.post(
    "/rules/import",
    operation_id="import_rule",
    openapi_extra=_EDIT,
    status_code=201,
    responses=documented(MissingCamerasError, BeyondSightError, TooManyRulesError, OwnRuleError),
)
def import_rule(file: RuleFile, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Make a rule of a file, switched off. Cameras that are not there are named, and nothing is made then."""
    return services.alarms.files.bring_in(file.text, actor=asker.actor, sight=sight)


@router.post(
    "/rules/{rule_id}/on",
    operation_id="switch_rule_on",
    openapi_extra=_EDIT,
    responses=documented(
        UnknownRuleError,
        RuleChangedError,
        SecondAccountError,
        NoPreviewError,
        BlankPreviewError,
        TooBroadError,
    ),
)
def switch_rule_on(rule_id: RuleId, switch: RuleSwitch, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Put the newest version in force, once it was previewed and found not to match everything."""
    return services.alarms.rules.switch_on(
        rule_id, version=switch.version, actor=asker.actor, sight=sight, unseen=switch.unseen
    )


@router.post(
    "/rules/{rule_id}/off",
    operation_id="switch_rule_off",
    openapi_extra=_EDIT,
    responses=documented(UnknownRuleError),
)
def switch_rule_off(rule_id: RuleId, services: Served, asker: Asker, sight: Sight) -> RuleView:
    """Take a rule out of force."""
    return services.alarms.rules.switch_off(rule_id, actor=asker.actor, sight=sight)


@router.get(
    "/rules/{rule_id}/late",
    operation_id="list_late",
    openapi_extra=_EDIT,
    responses=documented(UnknownRuleError),
)
def list_late(
    rule_id: RuleId,
    services: Served,
    sight: Sight,
    limit: Limit = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,15}~[\x21-\x7e]{1,192}$")] = None,
) -> LateList:
    """List matches that came too late for an alarm, newest first."""
    at_ms, _, subject = (cursor or "").partition("~")
    return services.alarms.rules.late(
        rule_id, cursor=None if cursor is None else (int(at_ms), subject), limit=limit, sight=sight
    )
