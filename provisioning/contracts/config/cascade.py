"""Superior platforms of GB/T 28181 that the centre registers with: `[[cascade]]` of the centre's configuration."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from provisioning.contracts import gb_code
from provisioning.contracts.section import Port, ResolvedPath, Section

_SERVER: Final = "200"
"""Digits 11 to 13 of a SIP server's id (GB/T 28181-2022, annex E)."""
_GROUPS: Final = frozenset({"215", "216"})
"""Business group and virtual organisation."""
_DOMAIN_DIGITS: Final = 10

Code = Annotated[str, Field(pattern=r"^[0-9]{20}$")]
CameraName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[^/\s]{1,64}$")]
"""Agent and camera, `AGENT/CAMERA`."""
DistrictId = Annotated[str, Field(max_length=63)]


class Superior(Section):
    """One superior platform. Nothing goes up before `districts` names some."""

    id: Code
    """The superior's own 20 digits (type 200)."""
    domain: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """The superior's SIP domain. Empty: the first ten digits of `id`."""
    host: str = Field(pattern=r"^[A-Za-z0-9.-]{1,253}$")
    """IPv4 address or name."""
    port: Port = 5060
    transport: Literal["udp", "tcp"] = "udp"
    own_id: Code
    """The 20 digits (type 200) that the superior has assigned to this centre."""
    local_port: int = Field(default=0, ge=0, le=65535)
    """The centre's own port; 0: one that the system chooses."""
    username: str = Field(default="", pattern=r"^[\x21-\x7e]{0,64}$")
    """User name of the digest; empty: `own_id`."""
    password_file: ResolvedPath
    edition: Literal["2016", "2022"] = "2016"
    expires_s: int = Field(default=86400, ge=300, le=604_800)
    """Life of a registration that is asked for; the superior may grant less."""
    keepalive_s: int = Field(default=60, ge=5, le=300)
    name: str = Field(default="Wayside", min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")
    """The centre's name in the superior's tree."""
    districts: tuple[DistrictId, ...] = Field(default=(), max_length=1000)
    """Ids of the districts whose cameras are listed; empty: none is."""
    coordinates: bool = False
    """True: the cameras' coordinates are sent with their names."""
    per_minute: int = Field(default=600, ge=60, le=60_000)
    """Requests a minute that are read of the superior; what is beyond is dropped and counted."""
    camera_codes: dict[CameraName, Code] = Field(default_factory=dict, max_length=20_000)
    """Codes that the superior has assigned, by `AGENT/CAMERA`; the others are made from `own_id`."""
    district_codes: dict[DistrictId, Code] = Field(default_factory=dict, max_length=1000)
    """Codes of districts (type 215 or 216), by id; the others are made from `own_id`."""

    @property
    def realm(self) -> str:
        """The superior's SIP domain in use."""
        return self.domain or self.id[:_DOMAIN_DIGITS]

    @property
    def own_domain(self) -> str:
        """The centre's own SIP domain."""
        return self.own_id[:_DOMAIN_DIGITS]

    @model_validator(mode="after")
    def _is_of_servers(self) -> Self:
        for name, code in (("id", self.id), ("own_id", self.own_id)):
            if code[10:13] != _SERVER:
                raise ValueError(f"{name}: digits 11 to 13 are {code[10:13]}, a SIP server has {_SERVER}")
            if code[:2] not in gb_code.PROVINCES:
                raise ValueError(f"{name}: {code[:2]} is no province")
        if self.id == self.own_id:
            raise ValueError("id: the superior has the centre's own_id, so the centre would register with itself")
        return self

    @model_validator(mode="after")
    def _codes_fit(self) -> Self:
        for camera, code in self.camera_codes.items():
            if code[10:13] not in gb_code.CAMERA_TYPES:
                raise ValueError(f"camera_codes: {camera} has type {code[10:13]}, a camera has 131 or 132")
        for district, code in self.district_codes.items():
            if code[10:13] not in _GROUPS:
                raise ValueError(f"district_codes: {district} has type {code[10:13]}, a group has 215 or 216")
        codes = [*self.camera_codes.values(), *self.district_codes.values()]
        if twice := [code for code, number in Counter(codes).items() if number > 1]:
            raise ValueError(f"code {twice[0]} is given twice")
        return self


def check_superiors(superiors: Iterable[Superior]) -> None:
    """Checks that no superior is configured twice, and that none of them is the centre itself.

    Raises:
        ValueError: one is; names it and the remedy.
    """
    listed = tuple(superiors)
    own = {each.own_id for each in listed}
    seen: set[str] = set()
    ports: set[int] = set()
    for each in listed:
        if each.id in seen:
            raise ValueError(f"cascade: superior {each.id} is configured twice")
        if each.id in own:
            raise ValueError(f"cascade: superior {each.id} is an own_id of this centre: it would register with itself")
        if each.local_port and each.local_port in ports:
            raise ValueError(f"cascade: local_port {each.local_port} is given to two superiors")
        seen.add(each.id)
        ports.add(each.local_port)
