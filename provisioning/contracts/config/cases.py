"""Section [cases] of the centre's configuration."""

from typing import Self

from pydantic import Field, model_validator

from provisioning.contracts.section import ResolvedPath, Section


class Cases(Section):
    """Cases of the centre; a case's results are deleted `delete_after_days` after its end (docs/cases.md)."""

    desk: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9-]{0,62}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$")
    """`AGENT/CAMERA` of kind *upload* for pictures of stolen machines; `desk_address`: its server, for a command."""
    desk_address: str = Field(default="", pattern=r"^([A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?$")
    desk_ca_file: ResolvedPath | None = None
    """Certificate of the agents' authority (`agents.crt`), by which the desk agent's signatures are checked."""
    delete_after_days: int = Field(default=30, ge=0, le=365)

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        if self.desk and self.desk_ca_file is None:
            raise ValueError("cases.desk: give desk_ca_file too, the agents.crt of provisioning's home")
        return self
