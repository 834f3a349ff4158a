"""Routes of accounts and their grants."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from center.access.districts import DISTRICT_PATTERN
from center.access.errors import (
    LastAdministratorError,
    UnknownDistrictError,
    UnknownTokenError,
    UserTakenError,
)
from center.access.permissions import Permission, Role
from center.access.route_permissions import needs
from center.access.tokens import ShownToken
from center.access.users import Account, GrantRequest
from center.api.accounts.account import TokenId
from center.api.accounts.auth import GrantView
from center.api.errors import documented
from center.errors import (
    BadUsernameError,
    UnknownUserError,
    WeakPasswordError,
)
from center.services import Asker, Served

router = APIRouter(prefix="/users", tags=["users"])

Username = Annotated[str, Path(min_length=1, max_length=64)]
_VIEW, _EDIT = needs(Permission.USER_VIEW), needs(Permission.USER_EDIT)


class GrantBody(BaseModel):
    """A role: everywhere or in one district, for any purpose or in one case alone."""

    role: Role
    district_id: str | None = Field(default=None, pattern=DISTRICT_PATTERN)
    case_id: str | None = Field(default=None, min_length=1, max_length=64)


Grants = Annotated[tuple[GrantBody, ...], Field(max_length=100)]


class NewUser(BaseModel):
    """A new account: name, password and grants."""

    username: str = Field(min_length=1, max_length=64)
    password: Annotated[str, Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})] | None = (
        None
    )
    """Null: an identity provider opens the account."""
    grants: Grants = ()


class Password(BaseModel):
    """A new password for an account."""

    password: str = Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})
    end_tokens: bool = True
    """False: the account's tokens stay."""


class UserView(BaseModel):
    """An account with its grants."""

    username: str
    disabled: bool
    second_factor: bool
    tokens: int
    created_at_ms: int
    grants: tuple[GrantView, ...]


@router.get("", operation_id="list_users", openapi_extra=_VIEW)
def list_users(services: Served) -> tuple[UserView, ...]:
    """List the accounts by name."""
    return tuple(map(_shown, services.users.all()))


@router.post(
    "",
    operation_id="add_user",
    status_code=201,
    openapi_extra=_EDIT,
    responses=documented(BadUsernameError, WeakPasswordError, UserTakenError, UnknownDistrictError),
)
def add_user(body: NewUser, services: Served, asker: Asker) -> UserView:
    """Make an account; without a grant it may only manage itself."""
    return _shown(services.users.add(body.username, body.password, _given(body.grants), actor=asker.actor))


@router.get("/{username}", operation_id="get_user", openapi_extra=_VIEW, responses=documented(UnknownUserError))
def get_user(username: Username, services: Served) -> UserView:
    """Show one account with its grants."""
    return _shown(services.users.get(username))


@router.put(
    "/{username}/grants",
    operation_id="set_grants",
    openapi_extra=_EDIT,
    responses=documented(UnknownUserError, UnknownDistrictError, LastAdministratorError),
)
def set_grants(username: Username, body: Grants, services: Served, asker: Asker) -> UserView:
    """Replace the grants of an account."""
    return _shown(services.users.set_grants(username, _given(body), actor=asker.actor))


@router.put(
    "/{username}/password",
    operation_id="set_password",
    status_code=204,
    openapi_extra=_EDIT,
    responses=documented(UnknownUserError, BadUsernameError, WeakPasswordError),
)
def set_password(username: Username, body: Password, services: Served, asker: Asker) -> None:
    """Set an account's password and end its sessions, and its tokens if `end_tokens` is true."""
    services.auth.reset_password(
        username=username, password=body.password, end_tokens=body.end_tokens, actor=asker.actor
    )


@router.post(
    "/{username}/disable",
    operation_id="disable_user",
    openapi_extra=_EDIT,
    responses=documented(UnknownUserError, LastAdministratorError),
)
def disable_user(username: Username, services: Served, asker: Asker) -> UserView:
    """Disable an account: its sessions end, its tokens are refused. It cannot be deleted: the audit refers to it."""
    return _shown(services.users.set_disabled(username, disabled=True, actor=asker.actor))


@router.post(
    "/{username}/enable",
    operation_id="enable_user",
    openapi_extra=_EDIT,
    responses=documented(UnknownUserError),
)
def enable_user(username: Username, services: Served, asker: Asker) -> UserView:
    """Enable a disabled account."""
    return _shown(services.users.set_disabled(username, disabled=False, actor=asker.actor))


@router.delete(
    "/{username}/second-factor",
    operation_id="reset_second_factor",
    status_code=204,
    openapi_extra=_EDIT,
    responses=documented(UnknownUserError),
)
def reset_second_factor(username: Username, services: Served, asker: Asker) -> None:
    """Remove the second factor of an account whose owner has lost it."""
    services.users.remove_second_factor(username, actor=asker.actor)


@router.get(
    "/{username}/tokens",
    operation_id="list_tokens_of_user",
    openapi_extra=_VIEW,
    responses=documented(UnknownUserError),
)
def list_tokens_of_user(username: Username, services: Served) -> tuple[ShownToken, ...]:
    """List the tokens of an account, newest first; revoked and expired ones too."""
    return services.tokens.of(services.users.get(username).user_id)


@router.delete(
    "/{username}/tokens/{token_id}",
    operation_id="revoke_token_of_user",
    status_code=204,
    openapi_extra=_EDIT,
    responses=documented(UnknownUserError, UnknownTokenError),
)
def revoke_token_of_user(username: Username, token_id: TokenId, services: Served, asker: Asker) -> None:
    """End a token of an account at once."""
    services.tokens.revoke(services.users.get(username).user_id, token_id, actor=asker.actor)


def _given(grants: tuple[GrantBody, ...]) -> tuple[GrantRequest, ...]:
    return tuple(GrantRequest(grant.role, grant.district_id, grant.case_id) for grant in grants)


def _shown(account: Account) -> UserView:
    return UserView(
        username=account.username,
        disabled=account.disabled,
        second_factor=account.second_factor,
        tokens=account.tokens,
        created_at_ms=account.created_at_ms,
        grants=tuple(
            GrantView(role=given.role, district_id=given.district_id, case_id=given.case_id) for given in account.given
        ),
    )
