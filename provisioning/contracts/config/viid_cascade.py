"""Section [[viid_cascade]] of the centre's configuration: superior platforms by GA/T 1400 (视图库级联)."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from provisioning.contracts.config.notify import Name, WebAddress, is_loopback
from provisioning.contracts.section import ResolvedPath, Section
from provisioning.contracts.wire.messages import MachineClass

PlatformId = Annotated[str, Field(pattern=r"^[0-9]{20}$")]
"""Code of a platform: 20 digits, those of a 视图库 with type 503."""


class ViidSuperior(Section):
    """One superior platform. Without `districts` and `classes` nothing is sent to it."""

    id: Name
    url: WebAddress
    """Address up to `/VIID`, which is added. Uses https, unless `allow_plain_http` is set."""
    superior_id: PlatformId
    """Code of the superior; a server that names another is refused."""
    device_id: PlatformId
    """Code by which the superior knows this centre."""
    username: str = Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f:]+$")
    password_file: ResolvedPath
    ca_file: ResolvedPath | None = None
    """Certificates of the trusted authorities; None: the system's."""
    allow_plain_http: bool = False
    """Permits http. An eavesdropper on the way then sees the pictures; the password stays hidden by the digest."""
    allow_loopback: bool = False
    """True permits a superior on this very machine."""
    districts: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(default=(), max_length=1000)
    """Names of the districts whose cameras go up, as the register has them."""
    classes: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    share: float = Field(default=1.0, gt=0, le=1, allow_inf_nan=False)
    """Share of the chosen observations that is sent; a rule on the observation's key picks them."""
    pictures: Literal["images", "objects", "none"] = "images"
    """Sends a scene once to `/Images`, or with each of its objects, or not at all."""
    keepalive_s: float = Field(default=60.0, ge=5, le=600)
    timeout_s: float = Field(default=15.0, ge=0.1, le=60)
    parallel: int = Field(default=4, ge=1, le=16)
    """Cameras whose observations are sent at the same time; those of one camera keep their order."""
    max_waiting: int = Field(default=100_000, ge=1, le=5_000_000)
    """Beyond this number of waiting observations the oldest are dropped as `outbox_full`."""
    give_up_after_h: float = Field(default=24.0, ge=0.01, le=24 * 30)
    """Hours after which an observation that waits is dropped as `expired`."""

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        parts = urlsplit(self.url)
        local = is_loopback(parts.hostname or "")
        if local and not self.allow_loopback:
            raise ValueError(f"{self.id}: {parts.hostname} is this machine; allow_loopback = true if it is meant")
        if parts.scheme == "http" and not (local or self.allow_plain_http):
            raise ValueError(f"{self.id}: use https, or set allow_plain_http where the superior has nothing else")
        if self.superior_id == self.device_id:
            raise ValueError(f"{self.id}: superior_id and device_id are the same: a loop")
        return self
