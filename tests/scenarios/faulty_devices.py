"""A fleet in which each device does one thing wrong, and all of them are one platform's."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from provisioning.contracts.config.processes import Gb28181Source
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile, device_ids
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from tests.support.gb28181_agent import password_file, source
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID

CHANNELS: Final = 10
HEARTBEAT_S: Final = 2.0
PATIENT_S: Final = 60.0
"""Interval of keepalives that the platform expects of whoever sends them: a machine that stands still delays some."""
_PLAIN: Final = DeviceProfile(
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
    profile: DeviceProfile
    options: dict[str, object] = field(default_factory=dict)
    """Of its camera."""

    def camera(self, device_id: str, folder: Path) -> Gb28181Source:
        """As the agent is told of it."""
        channel_id = self.profile.channel_ids(device_id)[0]
        heartbeat_s = HEARTBEAT_S if DeviceFault.NO_KEEPALIVE in self.profile.faults else PATIENT_S
        options = {"heartbeat_s": heartbeat_s, **self.options}
        return source(device_id, channel_id, password_file(folder), **options)


def faulty(fault: DeviceFault, transport: str = "udp", **changes: object) -> Faulty:
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
        DeviceFault.SILENT_WITHOUT_ALGORITHM,
        DeviceFault.URI_OF_ADDRESS,
        DeviceFault.QOP_NOT_ECHOED,
        DeviceFault.QOP_NULL,
        DeviceFault.UPPER_CASE_DIGEST,
        DeviceFault.UNQUOTED_DIGEST,
        DeviceFault.NO_EXPIRES,
        DeviceFault.UNREGISTERS_FIRST,
        DeviceFault.CONTACT_PRIVATE,
        DeviceFault.PORT_CHANGES,
        DeviceFault.NO_KEEPALIVE,
        DeviceFault.NEVER_REREGISTERS,
    )
)
SPEAKS: Final = (
    *(
        faulty(fault, transport)
        for transport in ("udp", "tcp")
        for fault in (
            DeviceFault.NO_CONTENT_LENGTH,
            DeviceFault.ZERO_CONTENT_LENGTH,
            DeviceFault.COMPACT_HEADERS,
            DeviceFault.CRLF_PINGS,
            DeviceFault.SENDS_TWICE,
            DeviceFault.ANSWER_BEFORE_200,
        )
    ),
    faulty(DeviceFault.LONG_CONTENT_LENGTH),
    faulty(DeviceFault.SPLIT_DATAGRAMS),
    faulty(DeviceFault.VIA_SAYS_UDP, "tcp"),
    faulty(DeviceFault.NEVER_REREGISTERS, "tcp"),
    faulty(DeviceFault.NEVER_REFRESHES, expires_s=3),
)
WRITES: Final = (
    *(
        faulty(fault)
        for fault in (
            DeviceFault.UTF8_AS_GB2312,
            DeviceFault.RARE_CHARACTER,
            DeviceFault.UNESCAPED,
            DeviceFault.NUL_BYTES,
            DeviceFault.EXTRA_CLOSE_TAG,
            DeviceFault.ATTRIBUTES,
            DeviceFault.LOWER_CASE_TAGS,
            DeviceFault.SN_NOT_ECHOED,
            DeviceFault.SUM_NUM_ZERO,
            DeviceFault.ONE_ITEM_A_MESSAGE,
            DeviceFault.PARTS_OUT_OF_ORDER,
            DeviceFault.ITEMS_TWICE,
            DeviceFault.UNASKED_CATALOG,
            DeviceFault.ITEM_WITHOUT_ID,
            DeviceFault.PARENT_IS_PLATFORM,
            DeviceFault.PARENT_CYCLE,
            DeviceFault.STATUS_OK,
            DeviceFault.OFFSET_TIMES,
            DeviceFault.CLOCK_A_YEAR_OFF,
        )
    ),
    faulty(DeviceFault.DUPLICATE_CHANNELS),
    replace(faulty(DeviceFault.DUPLICATE_CHANNELS), name="duplicate-channels-too"),
    replace(faulty(DeviceFault.NEEDS_GUARD), options={"set_guard": True}),
    faulty(DeviceFault.NEEDS_RESET),
    faulty(DeviceFault.NOTIFY_UNKNOWN_DIALOG),
)
SENDS: Final = tuple(
    faulty(fault)
    for fault in (
        DeviceFault.NO_SDP,
        DeviceFault.VIDEO_ZERO,
        DeviceFault.NO_Y,
        DeviceFault.ZERO_Y,
        DeviceFault.OTHER_Y,
        DeviceFault.OTHER_SSRC,
        DeviceFault.REPEATS_200,
        DeviceFault.MEDIA_BEFORE_200,
        DeviceFault.HANGS_UP,
        DeviceFault.BYE_UNANSWERED,
        DeviceFault.MEDIA_AFTER_BYE,
    )
)
SENDS_NOT: Final = tuple(
    faulty(fault)
    for fault in (
        DeviceFault.BUSY,
        DeviceFault.NOT_ACCEPTABLE,
        DeviceFault.INVITE_CHALLENGED,
        DeviceFault.INVITE_IGNORED,
        DeviceFault.NO_MEDIA,
    )
)
LISTS_BADLY: Final = tuple(
    faulty(fault)
    for fault in (DeviceFault.SUM_NUM_LIES, DeviceFault.NO_LIST, DeviceFault.EMPTY_ANSWER, DeviceFault.RECORD_STALL)
)
_NOW_MS: Final = time.time_ns() // 1_000_000
_SPAN: Final = {"started_at_ms": _NOW_MS - 1_200_000, "ended_at_ms": _NOW_MS - 1_000_000}
MISREADS: Final = (
    faulty(DeviceFault.IGNORES_DATE, skew_s=-600.0),
    replace(faulty(DeviceFault.LOCAL_SECONDS, recorded_s=21_600), options={"span": _SPAN}),
    replace(
        faulty(DeviceFault.LOCAL_SECONDS, recorded_s=21_600),
        name="local-seconds-shifted",
        options={"span": _SPAN, "span_shift_s": 28_800},
    ),
)
"""Of times."""
STAYS_OUT: Final = (
    faulty(DeviceFault.WRONG_PASSWORD, retry_s=60.0),
    faulty(DeviceFault.OWN_NONCE),
    faulty(DeviceFault.KEEPALIVE_UNREGISTERED),
)
GOOD: Final = (*PLAIN, *REGISTERS, *SPEAKS, *WRITES)
"""Nothing that they do wrong is to be noticed."""
COMES: Final = (*GOOD, *SENDS, *SENDS_NOT, *LISTS_BADLY, *MISREADS)
EVERY: Final = (*COMES, *STAYS_OUT)
IDS: Final = dict(zip((each.name for each in EVERY), device_ids(FIRST_ID, len(EVERY)), strict=True))
"""Of each device, by its name."""
