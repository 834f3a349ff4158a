"""Section [assessment_feed] of the centre's configuration: each closed month as a signed document."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from provisioning.contracts.config.notify import WebAddress, is_loopback
from provisioning.contracts.section import ResolvedPath, Section


class AssessmentFeed(Section):
    """Receiver of closed months: a folder or an address. Signed with the keys of [evidence]."""

    folder: ResolvedPath | None = None
    """Folder that exists and that the centre may write."""
    url: WebAddress | None = None
    """Address under which documents are put, over https."""
    token_file: ResolvedPath | None = None
    """Bearer token for `url`, mode 0600; None: none is sent."""
    ca_file: ResolvedPath | None = None
    """Certificates of the trusted authorities; None: the system's."""
    allow_loopback: bool = False
    """True permits a receiver on this very machine, also over http."""
    timeout_s: float = Field(default=30.0, ge=0.1, le=300)

    @model_validator(mode="after")
    def _one_receiver(self) -> Self:
        if (self.folder is None) == (self.url is None):
            raise ValueError("assessment_feed: give folder or url, one of them")
        if self.url is None:
            if self.token_file is not None or self.ca_file is not None:
                raise ValueError("assessment_feed: token_file and ca_file go with url")
            return self
        parts = urlsplit(self.url)
        local = is_loopback(parts.hostname or "")
        if local and not self.allow_loopback:
            raise ValueError(f"assessment_feed: {parts.hostname} is this machine; allow_loopback = true if it is meant")
        if parts.scheme == "http" and not local:
            raise ValueError("assessment_feed: use https")
        return self
