"""The route of the one-time set-up, which makes the administrator."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from center.api.errors import documented
from center.errors import (
    BadUsernameError,
    LockedOutError,
    SetupDoneError,
    StoreUnavailableError,
    WeakPasswordError,
    WrongSetupCodeError,
)
from center.services import Served, Source

router = APIRouter(tags=["setup"])


class Setup(BaseModel):
    """The code from the set-up file, and the account to make."""

    code: str = Field(min_length=1, max_length=128, json_schema_extra={"format": "password"})
    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})


class CreatedAdministrator(BaseModel):
    """The new administrator account."""

    username: str


@router.post(
    "/setup",
    operation_id="set_up",
    status_code=201,
    responses=documented(
        WrongSetupCodeError, SetupDoneError, BadUsernameError, WeakPasswordError, LockedOutError, StoreUnavailableError
    ),
)
def set_up(body: Setup, services: Served, source: Source) -> CreatedAdministrator:
    """Make the administrator. Works once; the code is deleted with it."""
    identity = services.auth.setup(code=body.code, username=body.username, password=body.password, source=source)
    return CreatedAdministrator(username=identity.username)
