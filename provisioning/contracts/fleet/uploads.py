"""Permits of the centre to bring one recording from a browser to a desk agent (decision record 31).

The browser carries a permit from the centre to the desk in a header, and the recording to the desk alone.
"""

from typing import Final, Self

from pydantic import Field, model_validator

from provisioning.contracts.fleet.documents import Sealed
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.section import Origin
from provisioning.contracts.wire.messages import Message, TimeMs, Versioned

PERMIT_LIFE_MS: Final = 10 * 60 * 1000
"""Life of a permit after it was issued, by the desk's clock."""
MAX_PERMIT_CHARS: Final = 4000
"""Length of a permit as a header carries it."""
MAX_PURPOSE: Final = 200


class UploadPermit(Message):
    """Permission for one account to bring recordings to one camera of one desk agent, from the console's page."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    """Taken once by the desk: it opens one file, or prolongs one that is open."""
    agent_id: AgentId
    camera_id: CameraId
    origin: Origin
    """Origin of the console's page; a browser states it, and no page can change it."""
    actor: str = Field(min_length=1, max_length=64)
    purpose: str = Field(min_length=1, max_length=MAX_PURPOSE)
    issued_at_ms: TimeMs
    expires_at_ms: TimeMs

    @model_validator(mode="after")
    def _short(self) -> Self:
        if not self.issued_at_ms < self.expires_at_ms <= self.issued_at_ms + PERMIT_LIFE_MS:
            raise ValueError(f"expires_at_ms: after issued_at_ms, by {PERMIT_LIFE_MS} ms at most")
        return self


class SealedPermit(Versioned):
    """A permit as it travels: the text that the centre signed, and provisioning's warrant for the centre's key."""

    permit: str = Field(min_length=2, max_length=2048)
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")
    """Ed25519 by the key that the warrant names, over the context string of `signing.documents` and the UTF-8 text."""
    warrant: Sealed


class DeskAddress(Message):
    """Address at which browsers reach a desk agent, and the console that it takes recordings from."""

    url: Origin
    console: Origin
