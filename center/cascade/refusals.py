"""Lists what a superior is refused: the SIP status, and the reason in words that travel with it. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AskRefusal:
    """A refusal. `name` is the word that it is counted and audited by."""

    name: str
    status: int
    reason: str

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Reason (RFC 3326) and Warning (RFC 3261, 20.43), of which superiors show one or the other."""
        return (
            ("Reason", f'SIP;cause={self.status};text="{self.reason}"'),
            ("Warning", f'399 wayside "{self.reason}"'),
        )


VIDEO: Final = AskRefusal("video", 403, "no video leaves the site: pictures are covered at the edge and make no stream")
CONTROL: Final = AskRefusal("control", 403, "cameras are not controlled from outside")
CONFIGURATION: Final = AskRefusal("configuration", 403, "devices are not configured from outside")
RECORDS: Final = AskRefusal("records", 403, "there are no recordings to list: no video is kept")
POSITIONS: Final = AskRefusal("positions", 403, "positions of devices are not reported")
NOT_OFFERED: Final = AskRefusal("not_offered", 403, "only Catalog, DeviceInfo and DeviceStatus are answered")
REGISTERS_WITH_US: Final = AskRefusal(
    "registers_with_us", 403, "loop: this platform registers with you and accepts nobody"
)
LOOP: Final = AskRefusal("loop", 482, "the request comes from this platform itself")
REPLAYED: Final = AskRefusal("replayed", 482, "the same Call-ID and CSeq were sent before")
NOT_REGISTERED: Final = AskRefusal("not_registered", 403, "this platform is not registered with you now")
STRANGER: Final = AskRefusal("stranger", 403, "only the superior's own id may ask")
UNKNOWN_DEVICE: Final = AskRefusal("unknown_device", 404, "no such id in the catalogue")
MALFORMED: Final = AskRefusal("malformed", 400, "the body is no MANSCDP query")
OVERSIZE: Final = AskRefusal("oversize", 413, "a query has 8192 bytes at most")
METHOD: Final = AskRefusal("method", 405, "the method is not offered")
NO_DIALOG: Final = AskRefusal("no_dialog", 481, "there is no such dialog")
BAD_EVENT: Final = AskRefusal("bad_event", 489, "only Catalog and Alarm can be subscribed to")

ALLOW: Final = ("Allow", "MESSAGE, SUBSCRIBE, OPTIONS")
