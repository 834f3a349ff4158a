"""What the centre's configuration says of cases."""

from pydantic import Field

from provisioning.contracts.section import Section


class Cases(Section):
    """Cases of the centre; what a case derived is deleted so long after its end (docs/cases.md)."""

    desk: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9-]{0,62}/[A-Za-z0-9][A-Za-z0-9_.-]{0,63})?$")
    """`AGENT/CAMERA` of kind *upload* for pictures of stolen machines; `desk_address`: its door, for a command."""
    desk_address: str = Field(default="", pattern=r"^([A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?)?$")
    delete_after_days: int = Field(default=30, ge=0, le=365)
