"""Routes of the user's own account: password, second factor, tokens. For a session; a token never reaches these."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from center import credentials
from center.access.errors import (
    BadScopeError,
    SecondFactorKeyError,
    SecondFactorNeededError,
    SecondFactorOnError,
    StaleLoginError,
    TokenTooLongError,
    TooManyTokensError,
    UnknownTokenError,
    WrongCodeError,
)
from center.access.permissions import Permission
from center.access.route_permissions import needs
from center.access.tokens import ShownToken
from center.api.errors import documented
from center.errors import (
    BadCredentialsError,
    LockedOutError,
    WeakPasswordError,
)
from center.services import Asker, Served, Source

router = APIRouter(prefix="/account", tags=["account"])

Secret = Annotated[str, Field(min_length=1, max_length=256, json_schema_extra={"format": "password"})]
TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
_OWN = needs(Permission.OWN_ACCOUNT)
_PROOF = (BadCredentialsError, LockedOutError)


class PasswordProof(BaseModel):
    """The user's password once more: a change that outlasts the session needs more than the session."""

    password: Secret


class NewPassword(PasswordProof):
    """The present password and the next one."""

    new_password: Secret
    end_tokens: bool = True
    """False: the account's tokens stay."""


class OneTimeCode(BaseModel):
    """A one-time code of the authenticator app."""

    code: str = Field(min_length=1, max_length=32)
    end_tokens: bool = True
    """False: the account's tokens, which were made without the second factor, stay."""


class FactorBegun(BaseModel):
    """The secret for the authenticator app; shown once. It counts once `confirm` was given a code of it."""

    secret: str
    address: str


class RecoveryCodes(BaseModel):
    """The recovery codes, each good once in place of a one-time code; shown once."""

    recovery_codes: tuple[str, ...]


class NewToken(BaseModel):
    """The scopes and the life of a token, and the credentials of its owner, since it outlasts the session."""

    password: str = Field(default="", max_length=256, json_schema_extra={"format": "password"})
    """Left out for an account that the identity provider opens: it has to have logged in a few minutes ago."""
    one_time_code: str = Field(default="", max_length=32)
    """For an account with a second factor: a code that no log-in has used, or a recovery code."""
    name: str = Field(min_length=1, max_length=64)
    scopes: tuple[Permission, ...] = Field(min_length=1, max_length=len(Permission))
    days: int | None = Field(default=None, ge=1, le=366)
    """Days that the token lives: 30 by default, at most `token_max_days` of the centre (90)."""


class CreatedToken(BaseModel):
    """A new token. `token` is shown once; only its hash is stored."""

    token: str
    about: ShownToken


@router.post(
    "/password",
    operation_id="change_password",
    status_code=204,
    openapi_extra=_OWN,
    responses=documented(*_PROOF, WeakPasswordError),
)
def change_password(body: NewPassword, services: Served, asker: Asker, source: Source, response: Response) -> None:
    """Change the password. Every session of the account ends, this one too, and its tokens if `end_tokens` is true."""
    services.auth.confirm_password(asker, body.password, source=source)
    services.auth.reset_password(username=asker.username, password=body.new_password, end_tokens=body.end_tokens)
    credentials.delete_cookie(response, secure=services.secure_cookie)


@router.post(
    "/second-factor",
    operation_id="begin_second_factor",
    openapi_extra=_OWN,
    responses=documented(*_PROOF, SecondFactorOnError, SecondFactorKeyError),
)
def begin_second_factor(body: PasswordProof, services: Served, asker: Asker, source: Source) -> FactorBegun:
    """Make a secret for an authenticator app."""
    services.auth.confirm_password(asker, body.password, source=source)
    begun = services.second_factors.begin(asker.user_id, asker.username)
    return FactorBegun(secret=begun.secret, address=begun.address)


@router.post(
    "/second-factor/confirm",
    operation_id="confirm_second_factor",
    openapi_extra=_OWN,
    responses=documented(WrongCodeError, SecondFactorOnError, SecondFactorKeyError),
)
def confirm_second_factor(body: OneTimeCode, services: Served, asker: Asker) -> RecoveryCodes:
    """Switch the second factor on with a code of the app; the account's tokens end if `end_tokens` is true."""
    codes = services.second_factors.confirm(asker.user_id, asker.username, body.code, end_tokens=body.end_tokens)
    return RecoveryCodes(recovery_codes=codes)


@router.post(
    "/second-factor/remove",
    operation_id="remove_second_factor",
    status_code=204,
    openapi_extra=_OWN,
    responses=documented(*_PROOF),
)
def remove_second_factor(body: PasswordProof, services: Served, asker: Asker, source: Source) -> None:
    """Switch the second factor off."""
    services.auth.confirm_password(asker, body.password, source=source)
    services.second_factors.remove(asker.user_id, asker.username, actor=asker.actor)


@router.get("/tokens", operation_id="list_tokens", openapi_extra=_OWN)
def list_tokens(services: Served, asker: Asker) -> tuple[ShownToken, ...]:
    """List the account's tokens, newest first; revoked and expired ones too."""
    return services.tokens.of(asker.user_id)


@router.post(
    "/tokens",
    operation_id="create_token",
    status_code=201,
    openapi_extra=_OWN,
    responses=documented(
        *_PROOF,
        SecondFactorNeededError,
        SecondFactorKeyError,
        StaleLoginError,
        BadScopeError,
        TokenTooLongError,
        TooManyTokensError,
    ),
)
def create_token(body: NewToken, services: Served, asker: Asker, source: Source) -> CreatedToken:
    """Make a token, with the password and, where there is one, the second factor. Its text is shown this once."""
    services.auth.prove(asker, password=body.password, code=body.one_time_code, source=source)
    shown, text = services.tokens.create(
        asker.user_id, asker.access, name=body.name, scopes=body.scopes, days=body.days, actor=asker.actor
    )
    return CreatedToken(token=text, about=shown)


@router.delete(
    "/tokens/{token_id}",
    operation_id="revoke_token",
    status_code=204,
    openapi_extra=_OWN,
    responses=documented(UnknownTokenError),
)
def revoke_token(token_id: TokenId, services: Served, asker: Asker) -> None:
    """End a token of the account at once."""
    services.tokens.revoke(asker.user_id, token_id, actor=asker.actor)
