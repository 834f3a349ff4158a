"""An agent's real metrics with something in every one."""

import time

from edge_agent.metrics import MetricsInputs
from edge_agent.scheduling.detection_budget import DetectionCounts
from provisioning.contracts.wire.messages import (
    Assessed,
    CameraFacts,
    CameraState,
    CameraStatus,
    Heartbeat,
    Ledger,
    PictureCheck,
)

CAMERAS = ("gate", "yard")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def agent_told() -> MetricsInputs:
    """Counts grow from scrape to scrape, or every rate would be none."""
    began_s = time.monotonic()

    def beat() -> int:
        return 1 + int(10 * (time.monotonic() - began_s))

    def heartbeat() -> Heartbeat:
        n = beat()
        ledger = Ledger(selected=3 * n, spooled=2 * n, archived=n, rejected=0, dropped={"spool_full": n}, in_flight=n)
        return Heartbeat(
            agent_id="street", sent_at_ms=now_ms(), started_at_ms=now_ms(), software="test", ledger=ledger,
            cameras=dict.fromkeys(CAMERAS, ledger), spool_bytes=1000 * n, spool_messages=n, quarantined=1, resent=n,
            redaction_ms=250.0, decode_ms=5.0, queued=1, rate=4.0, passed_over=dict.fromkeys(CAMERAS, n),
            disk_free_bytes=10**10,
        )  # fmt: skip

    def assessed() -> Assessed:
        facts = CameraFacts(
            scores={PictureCheck.BLURRED: 0.9}, clock_skew_ms=100.0, clock_bound_ms=500.0, pictures_per_s=0.5,
            last_picture_at_ms=now_ms(),
        )  # fmt: skip
        return Assessed(agent_id="street", assessed_at_ms=now_ms(), cameras=dict.fromkeys(CAMERAS, facts))

    def statuses() -> list[CameraStatus]:
        states = ((CameraState.ONLINE, ""), (CameraState.OFFLINE, "unreachable"))
        return [
            CameraStatus(
                agent_id="street", camera_id=camera, name=camera, state=state, cause="", code=code, since_ms=now_ms()
            )
            for camera, (state, code) in zip(CAMERAS, states, strict=True)
        ]  # fmt: skip

    counts = dict.fromkeys(CAMERAS, 1)
    return MetricsInputs(
        heartbeat, assessed, statuses, lambda: dict.fromkeys(CAMERAS, beat()), lambda: counts,
        lambda: DetectionCounts(counts, counts, dict.fromkeys(CAMERAS, beat()), counts, 0.05),
        oldest_s=lambda: 12.5, is_connected=lambda: True, certificate_ends_ms=lambda: now_ms() + 10**9,
        spool_max_bytes=2**31,
    )  # fmt: skip
