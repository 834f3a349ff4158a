"""A fleet in which each device does one thing wrong, and all of them are one platform's."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from provisioning.contracts.config.processes import Gb28181Source
from provisioning.demo.simulators.gb28181.device_profile import Profile, device_ids
from provisioning.demo.simulators.gb28181.faults import Fault
from tests.support.gb28181_agent import password_file, source
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID

CHANNELS: Final = 10
HEARTBEAT_S: Final = 2.0
_PLAIN: Final = Profile(
    PLATFORM_ID,
    PASSWORD,
    channels=CHANNELS,
    page_items=4,
    heartbeat_s=HEARTBEAT_S,
    retry_s=1.0,
    pace=2.0,
    packet_bytes=600,
)


@dataclass(frozen=True)
class Faulty:
    """One device, and the camera that is its first channel."""

    name: str
    profile: Profile
    options: dict[str, object] = field(default_factory=dict)
    """Of its camera."""

    def camera(self, device_id: str, folder: Path) -> Gb28181Source:
        """As the agent is told of it."""
        channel_id = self.profile.channel_ids(device_id)[0]
        options = {"heartbeat_s": HEARTBEAT_S, **self.options}
        return source(device_id, channel_id, password_file(folder), **options)


def faulty(fault: Fault, transport: str = "udp", **changes: object) -> Faulty:
    """A device with this fault."""
    name = fault.value if transport == "udp" else f"{fault.value}-{transport}"
    changed = replace(_PLAIN, faults=frozenset({fault}), transport=transport, **changes)  # type: ignore[arg-type]
    return Faulty(name, changed)


def plain(name: str, **changes: object) -> Faulty:
    """A device that does nothing wrong."""
    return Faulty(name, replace(_PLAIN, **changes))  # type: ignore[arg-type]


PLAIN: Final = (
    plain("plain"),
    plain("plain-tcp", transport="tcp"),
    plain("edition-of-2022", gb_version="3.0"),
    plain("no-edition", gb_version=""),
)
REGISTERS: Final = tuple(
    faulty(fault)
    for fault in (
        Fault.SILENT_WITHOUT_ALGORITHM,
        Fault.URI_OF_ADDRESS,
        Fault.QOP_NOT_ECHOED,
        Fault.QOP_NULL,
        Fault.UPPER_CASE_DIGEST,
        Fault.UNQUOTED_DIGEST,
        Fault.NO_EXPIRES,
        Fault.UNREGISTERS_FIRST,
        Fault.CONTACT_PRIVATE,
        Fault.PORT_CHANGES,
        Fault.NO_KEEPALIVE,
        Fault.NEVER_REREGISTERS,
    )
)
SPEAKS: Final = (
    *(
        faulty(fault, transport)
        for transport in ("udp", "tcp")
        for fault in (
            Fault.NO_CONTENT_LENGTH,
            Fault.ZERO_CONTENT_LENGTH,
            Fault.COMPACT_HEADERS,
            Fault.CRLF_PINGS,
            Fault.SENDS_TWICE,
            Fault.ANSWER_BEFORE_200,
        )
    ),
    faulty(Fault.LONG_CONTENT_LENGTH),
    faulty(Fault.SPLIT_DATAGRAMS),
    faulty(Fault.VIA_SAYS_UDP, "tcp"),
    faulty(Fault.NEVER_REREGISTERS, "tcp"),
    faulty(Fault.NEVER_REFRESHES, expires_s=3),
)
WRITES: Final = (
    *(
        faulty(fault)
        for fault in (
            Fault.UTF8_AS_GB2312,
            Fault.RARE_CHARACTER,
            Fault.UNESCAPED,
            Fault.NUL_BYTES,
            Fault.EXTRA_CLOSE_TAG,
            Fault.ATTRIBUTES,
            Fault.LOWER_CASE_TAGS,
            Fault.SN_NOT_ECHOED,
            Fault.SUM_NUM_ZERO,
            Fault.ONE_ITEM_A_MESSAGE,
            Fault.PARTS_OUT_OF_ORDER,
            Fault.ITEMS_TWICE,
            Fault.UNASKED_CATALOG,
            Fault.ITEM_WITHOUT_ID,
            Fault.PARENT_IS_PLATFORM,
            Fault.PARENT_CYCLE,
            Fault.STATUS_OK,
            Fault.OFFSET_TIMES,
            Fault.CLOCK_A_YEAR_OFF,
        )
    ),
    faulty(Fault.DUPLICATE_CHANNELS),
    replace(faulty(Fault.DUPLICATE_CHANNELS), name="duplicate-channels-too"),
    replace(faulty(Fault.NEEDS_GUARD), options={"set_guard": True}),
    faulty(Fault.NEEDS_RESET),
    faulty(Fault.NOTIFY_UNKNOWN_DIALOG),
)
SENDS: Final = tuple(
    faulty(fault)
    for fault in (
        Fault.NO_SDP,
        Fault.VIDEO_ZERO,
        Fault.NO_Y,
        Fault.ZERO_Y,
        Fault.OTHER_Y,
        Fault.OTHER_SSRC,
        Fault.REPEATS_200,
        Fault.MEDIA_BEFORE_200,
        Fault.HANGS_UP,
        Fault.BYE_UNANSWERED,
        Fault.MEDIA_AFTER_BYE,
    )
)
SENDS_NOT: Final = tuple(
    faulty(fault)
    for fault in (
        Fault.BUSY,
        Fault.NOT_ACCEPTABLE,
        Fault.INVITE_CHALLENGED,
        Fault.INVITE_IGNORED,
        Fault.NO_MEDIA,
    )
)
LISTS_BADLY: Final = tuple(
    faulty(fault) for fault in (Fault.SUM_NUM_LIES, Fault.NO_LIST, Fault.EMPTY_ANSWER, Fault.RECORD_STALL)
)
_NOW_MS: Final = time.time_ns() // 1_000_000
_SPAN: Final = {"started_at_ms": _NOW_MS - 1_200_000, "ended_at_ms": _NOW_MS - 1_000_000}
MISREADS: Final = (
    faulty(Fault.IGNORES_DATE, skew_s=-600.0),
    replace(faulty(Fault.LOCAL_SECONDS, recorded_s=7200), options={"span": _SPAN}),
    replace(
        faulty(Fault.LOCAL_SECONDS, recorded_s=7200),
        name="local-seconds-shifted",
        options={"span": _SPAN, "span_shift_s": 28_800},
    ),
)
"""Of times."""
STAYS_OUT: Final = (
    faulty(Fault.WRONG_PASSWORD, retry_s=60.0),
    faulty(Fault.OWN_NONCE),
    faulty(Fault.KEEPALIVE_UNREGISTERED),
)
GOOD: Final = (*PLAIN, *REGISTERS, *SPEAKS, *WRITES)
"""Nothing that they do wrong is to be noticed."""
COMES: Final = (*GOOD, *SENDS, *SENDS_NOT, *LISTS_BADLY, *MISREADS)
EVERY: Final = (*COMES, *STAYS_OUT)
IDS: Final = dict(zip((each.name for each in EVERY), device_ids(FIRST_ID, len(EVERY)), strict=True))
"""Of each device, by its name."""
