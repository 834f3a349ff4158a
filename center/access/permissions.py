"""Maps roles to permissions in one table, and evaluates grants by pure functions. Knows no database.

A grant gives one role: everywhere or in one district, and for every purpose or within one case alone. An account may do
what all its grants allow together; a token narrows that to its scopes and never widens it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Self


class Permission(StrEnum):
    """A permission that a route or page asks for. The values are words of the API: they do not change."""

    SIGNED_IN = "signed_in"
    """A session or a token, and no role."""
    OWN_ACCOUNT = "account.own"
    """The account's own password, second factor and tokens. Never in the scopes of a token."""
    HEALTH_VIEW = "health.view"
    CAMERA_VIEW = "camera.view"
    AGENT_VIEW = "agent.view"
    LIVE_VIEW = "live.view"
    OBSERVATION_VIEW = "observation.view"
    """Opening one row and its picture by its key."""
    OBSERVATION_SEARCH = "observation.search"
    ASSESSMENT_VIEW = "assessment.view"
    ASSESSMENT_EDIT = "assessment.edit"
    ALARM_VIEW = "alarm.view"
    ALARM_HANDLE = "alarm.handle"
    ALARM_EDIT = "alarm.edit"
    """Editing zones and rules."""
    CASE_VIEW = "case.view"
    CASE_EDIT = "case.edit"
    CASE_APPROVE = "case.approve"
    EVIDENCE_EXPORT = "evidence.export"
    TASK_STEER = "task.steer"
    """Pausing, resuming, ordering and cancelling parse tasks."""
    TASK_START = "task.start"
    """Beginning parse tasks: a span of a recorder, a live stream more often."""
    TASK_UPLOAD = "task.upload"
    """Bringing recordings from the browser to a desk."""
    NOTIFICATION_EDIT = "notification.edit"
    DISTRICT_VIEW = "district.view"
    DISTRICT_EDIT = "district.edit"
    USER_VIEW = "user.view"
    USER_EDIT = "user.edit"
    AUDIT_VIEW = "audit.view"
    ORDER_VIEW = "order.view"
    ORDER_WORK = "order.work"
    """A technician's steps of maintenance orders."""
    ORDER_EDIT = "order.edit"
    """Assigning, confirming and voiding maintenance orders, their terms and the duty roster."""
    WALL_VIEW = "wall.view"
    """The figures of the situation wall: counts of the whole centre, no row and no picture."""


class Role(StrEnum):
    """A role that a grant gives."""

    TECHNICIAN = "technician"
    ANALYST = "analyst"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    DISPLAY = "display"
    """A screen that hangs where others see it: the situation wall and nothing else."""
    ADMINISTRATOR = "administrator"


_P = Permission
_LOOKING: Final = frozenset({_P.CAMERA_VIEW, _P.AGENT_VIEW, _P.DISTRICT_VIEW})
_WATCHING: Final = _LOOKING | {_P.LIVE_VIEW, _P.OBSERVATION_VIEW, _P.ALARM_VIEW}
_ANALYSING: Final = _WATCHING | {
    _P.OBSERVATION_SEARCH,
    _P.ASSESSMENT_VIEW,
    _P.CASE_VIEW,
    _P.CASE_EDIT,
    _P.EVIDENCE_EXPORT,
    _P.TASK_STEER,
    _P.TASK_START,
    _P.TASK_UPLOAD,
}

ROLES: Final[dict[Role, frozenset[Permission]]] = {
    Role.TECHNICIAN: _LOOKING
    | {
        _P.LIVE_VIEW,
        _P.OBSERVATION_VIEW,
        _P.HEALTH_VIEW,
        _P.ASSESSMENT_VIEW,
        _P.ASSESSMENT_EDIT,
        _P.ORDER_VIEW,
        _P.ORDER_WORK,
    },
    Role.OPERATOR: _WATCHING
    | {
        _P.TASK_STEER,
        _P.TASK_UPLOAD,
        _P.ALARM_HANDLE,
        _P.HEALTH_VIEW,
        _P.ASSESSMENT_VIEW,
        _P.ORDER_VIEW,
        _P.WALL_VIEW,
    },
    Role.ANALYST: _ANALYSING,
    Role.SUPERVISOR: _ANALYSING
    | {
        _P.CASE_APPROVE,
        _P.ALARM_HANDLE,
        _P.ALARM_EDIT,
        _P.ORDER_VIEW,
        _P.ORDER_EDIT,
        _P.USER_VIEW,
        _P.HEALTH_VIEW,
        _P.WALL_VIEW,
    },
    Role.AUDITOR: frozenset({_P.AUDIT_VIEW, _P.USER_VIEW, _P.CASE_VIEW, _P.DISTRICT_VIEW, _P.CAMERA_VIEW}),
    Role.DISPLAY: frozenset({_P.WALL_VIEW}),
    Role.ADMINISTRATOR: frozenset(Permission),
}
"""Permissions of each role. `SIGNED_IN` and `OWN_ACCOUNT` come with any account, also one without a grant."""

EVERYBODY: Final = frozenset({Permission.SIGNED_IN, Permission.OWN_ACCOUNT})
PLACED: Final = frozenset(
    {
        _P.CAMERA_VIEW,
        _P.AGENT_VIEW,
        _P.LIVE_VIEW,
        _P.OBSERVATION_VIEW,
        _P.OBSERVATION_SEARCH,
        _P.ALARM_VIEW,
        _P.ALARM_HANDLE,
        _P.ALARM_EDIT,
        _P.ASSESSMENT_VIEW,
        _P.CASE_VIEW,
        _P.CASE_EDIT,
        _P.CASE_APPROVE,
        _P.DISTRICT_VIEW,
        _P.EVIDENCE_EXPORT,
        _P.ORDER_VIEW,
        _P.ORDER_WORK,
        _P.ORDER_EDIT,
        _P.TASK_STEER,
        _P.TASK_START,
        _P.TASK_UPLOAD,
    }
)
"""Permissions about cameras: a grant in one district gives them there. All others are about the whole centre, and a
grant in one district gives none of them; so it is with `ASSESSMENT_EDIT`, since an assessment judges every district
alike."""
TOKEN_SCOPES: Final = frozenset(Permission) - EVERYBODY
"""Scopes that a token may have; `SIGNED_IN` comes with any token."""


class CameraKey(NamedTuple):
    """The key of a camera: two agents may give the same id to theirs."""

    agent_id: str
    camera_id: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Cameras that an account may see: all, or these."""

    everywhere: bool = False
    cameras: frozenset[CameraKey] = frozenset()

    def holds(self, agent_id: str, camera_id: str) -> bool:
        """True if the scope includes this camera."""
        return self.everywhere or CameraKey(agent_id, camera_id) in self.cameras

    def holds_all(self, cameras: Iterable[tuple[str, str]]) -> bool:
        """True if the scope includes all of these cameras, given as agent and id."""
        return self.everywhere or all(CameraKey(*camera) in self.cameras for camera in cameras)

    def holds_agent(self, agent_id: str) -> bool:
        """True if the scope includes a camera of this agent."""
        return self.everywhere or any(camera.agent_id == agent_id for camera in self.cameras)

    def __or__(self, other: Self) -> Self:
        if self.everywhere or other.everywhere:
            return type(self)(everywhere=True)
        return type(self)(cameras=self.cameras | other.cameras)


EVERYWHERE: Final = Scope(everywhere=True)
NOWHERE: Final = Scope()


@dataclass(frozen=True, slots=True)
class District:
    """A named group of cameras that a grant is bound to."""

    district_id: str
    cameras: frozenset[CameraKey]


@dataclass(frozen=True, slots=True)
class Grant:
    """One role in one place. `district` None: everywhere. `case_id` None: for any purpose; else in that case alone."""

    role: Role
    district: District | None = None
    case_id: str | None = None

    def gives(self, permission: Permission, case_id: str | None) -> bool:
        """True if the grant includes the permission for a request in `case_id`, or in no case."""
        if permission not in ROLES[self.role]:
            return False
        if permission not in PLACED:
            return self.district is None and self.case_id is None
        return self.case_id is None or self.case_id == case_id

    @property
    def scope(self) -> Scope:
        """The cameras that the grant is for."""
        return EVERYWHERE if self.district is None else Scope(cameras=self.district.cameras)


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that an account, or a token, may do."""

    grants: tuple[Grant, ...] = ()
    token_scopes: frozenset[Permission] | None = None
    """Scopes of the token; None: not a token."""

    def permits(self, permission: Permission, *, case_id: str | None = None) -> bool:
        """True if the permission is given at any camera; `scope` says at which."""
        if self.token_scopes is not None and permission not in self.token_scopes | {Permission.SIGNED_IN}:
            return False
        return permission in EVERYBODY or any(grant.gives(permission, case_id) for grant in self.grants)

    def scope(self, permission: Permission, *, case_id: str | None = None) -> Scope:
        """Returns the cameras at which the permission is given; `NOWHERE` if it is not given."""
        if not self.permits(permission, case_id=case_id):
            return NOWHERE
        where = NOWHERE
        for grant in self.grants:
            if grant.gives(permission, case_id):
                where |= grant.scope
        return where

    def districts(self, permission: Permission) -> frozenset[str] | None:
        """Returns the districts in which the permission is given; None for all, also those that do not exist yet."""
        if not self.permits(permission):
            return frozenset()
        given = [grant.district for grant in self.grants if grant.gives(permission, None)]
        return None if None in given else frozenset(district.district_id for district in given if district is not None)

    def own_cases(self) -> tuple[str, ...]:
        """Cases that grants name, for an account that is shown no list of cases."""
        if self.permits(Permission.CASE_VIEW):
            return ()
        named = {grant.case_id for grant in self.grants if grant.case_id is not None}
        return tuple(sorted(each for each in named if self.permits(Permission.CASE_VIEW, case_id=each)))

    def permissions(self) -> frozenset[Permission]:
        """Permissions given outside a case."""
        return frozenset(permission for permission in Permission if self.permits(permission))


@dataclass(frozen=True, slots=True)
class Identity:
    """The user, or token, that a request comes from."""

    user_id: int
    username: str
    expires_at_ms: int
    access: Access = field(default=Access())
    token_id: str | None = None
    """Id of the API token; None for a browser's session."""

    @property
    def actor(self) -> str:
        """The name in the audit: the account, and the token if one was used."""
        return self.username if self.token_id is None else f"{self.username}:{self.token_id}"


def account_of(actor: str) -> str:
    """Returns the account of an actor as the audit names it: a token acts for its account."""
    return actor.partition(":")[0]


def keeps_an_administrator(others: Iterable[Grant]) -> bool:
    """True if an administrator is left; `others` are the grants of all accounts that can log in."""
    return any(
        grant.role is Role.ADMINISTRATOR and grant.district is None and grant.case_id is None for grant in others
    )
