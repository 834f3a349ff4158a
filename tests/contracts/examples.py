"""One of every message, fixed for ever: the golden files are these, encoded.

`python -m tests.contracts.examples` writes the files anew; do so only together with a new CONTRACT_VERSION.
"""

import hashlib
from pathlib import Path

from provisioning.contracts import ids
from provisioning.contracts.codec import encode, encode_snapshot
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.messages import (
    Archived,
    ArchivedItem,
    Box,
    CameraState,
    CameraStatus,
    ClockQuality,
    Heartbeat,
    Ledger,
    Machine,
    MachineClass,
    Message,
    Observed,
    ObservedItem,
    Picture,
    PictureState,
    Quality,
    Redaction,
    Rejected,
    Snapshot,
)

GOLDEN = Path(__file__).parent / "golden"
AT_MS = 1_795_449_600_123
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) + b"\xff\xd9"
ID = ids.observation_id("cam-1", AT_MS, "k90000")

SNAPSHOT = Snapshot(
    observation_id=ID,
    agent_id="cabinet-7",
    camera_id="cam-1",
    source_key="k90000",
    captured_at_ms=AT_MS,
    clock=ClockQuality.ARRIVAL,
    picture=Picture(
        state=PictureState.KEPT,
        width=640,
        height=272,
        bytes=len(PICTURE),
        sha256=hashlib.sha256(PICTURE).hexdigest(),
    ),
    quality=Quality(sharpness=0.5, brightness=0.25, contrast=1.0),
    machines=(
        Machine(cls=MachineClass.CAR, score=0.75, box=Box(x0=1, y0=2, x1=300, y1=200)),
        Machine(cls=MachineClass.BICYCLE, score=0.5, box=Box(x0=400, y0=100, x1=450, y1=170)),
    ),
    people=3,
    redaction=Redaction(
        policy="test-policy",
        models={"centerface": "ab" * 32},
        regions=(Box(x0=10, y0=10, x1=60, y1=120),),
        covered_share=0.0316,
    ),
)
LEDGER = Ledger(selected=10, spooled=7, archived=5, rejected=1, dropped={"redactor_busy": 2}, in_flight=2)

MESSAGES: dict[str, Message] = {
    "archived": Archived(items=(ArchivedItem(observation_id=ID, message_sha256="cd" * 32, picture=PictureState.KEPT),)),
    "rejected": Rejected(message_sha256="cd" * 32, reason=RejectReason.NOT_JPEG, detail="cannot be decoded"),
    "observed": Observed(
        agent_id="cabinet-7",
        commit_seq=(3 << 40) | 17,
        items=(
            ObservedItem(
                observation_id=ID,
                camera_id="cam-1",
                captured_at_ms=AT_MS,
                picture=PictureState.LEAK,
                machines=SNAPSHOT.machines,
                people=3,
            ),
        ),
    ),
    "heartbeat": Heartbeat(
        agent_id="cabinet-7",
        sent_at_ms=AT_MS,
        started_at_ms=AT_MS - 60_000,
        software="wayside 0.1.0",
        ledger=LEDGER,
        cameras={"cam-1": LEDGER},
        spool_bytes=204_800,
        spool_messages=2,
        quarantined=1,
        resent=4,
        redaction_ms=312.5,
    ),
    "camera_status": CameraStatus(
        agent_id="cabinet-7",
        camera_id="cam-1",
        name="东门 East gate",
        state=CameraState.OFFLINE,
        cause="no connection: check power and network cable",
        since_ms=AT_MS,
        latitude=31.3,
        longitude=120.6,
    ),
}


def golden() -> dict[str, bytes]:
    """File name → content."""
    files = {f"{name}.json": encode(message) for name, message in MESSAGES.items()}
    return {**files, "snapshot.bin": encode_snapshot(SNAPSHOT, PICTURE)}


if __name__ == "__main__":
    for name, content in golden().items():
        (GOLDEN / name).write_bytes(content)
