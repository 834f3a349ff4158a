"""Section [evidence] of the centre's configuration: keys for signing and time stamps, and limits of an export."""

from typing import Final

from pydantic import Field

from provisioning.contracts.section import ResolvedPath, Section

MAX_PICTURES: Final = 2000
"""Upper limit of any configuration: the summary's thumbnails are held in memory, some 10 KB each."""
STAMP_POLICY: Final = "2.25.80855507510388725677387210735658075281"
"""Policy of the time stamps (docs/evidence.md) for a site without an arc: a unique OID from a UUID (ITU-T X.667)."""


class Evidence(Section):
    """Signing and stamping of exports. The centre must not share the folder of `wayside-provision`'s keys."""

    ca_file: ResolvedPath
    """The site authority's certificate (`services.crt`), by which an export is checked before it is kept."""
    signing_cert_file: ResolvedPath
    signing_key_file: ResolvedPath
    stamp_cert_file: ResolvedPath
    stamp_key_file: ResolvedPath
    stamp_policy: str = Field(default=STAMP_POLICY, pattern=r"^[0-2](\.(0|[1-9][0-9]{0,38})){1,15}$")
    clock_source: str = Field(default="", max_length=200)
    """Source of this machine's time in the operator's words, written into every export. Empty: not known."""
    clock_accuracy_ms: int = Field(default=1000, ge=1, le=60_000)
    """Stated in a stamp while the kernel says that the clock is synchronised; at least the kernel's own bound."""
    max_pictures: int = Field(default=500, ge=1, le=MAX_PICTURES)
    keep_hours: float = Field(default=72.0, gt=0, le=24 * 90)
    """Hours after which an export is removed; the audit names it. The pictures stay in the archive as they were."""
    font_file: ResolvedPath | None = None
    """A TrueType font with Chinese, embedded in the summary. None: one of Debian's, if it is installed."""
