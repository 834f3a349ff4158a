"""One of every message, fixed for ever: the golden files are these, encoded.

`python -m tests.contracts.examples` writes the files anew; do so only together with a new CONTRACT_VERSION.
"""

import hashlib
from pathlib import Path

from provisioning.contracts import ids
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.query.archive import MachineColour, ObjectRow
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest
from provisioning.contracts.query.lookalike import LookalikeHit, LookalikePage, LookalikeRequest, MachineRef
from provisioning.contracts.query.standing import StandingAnswer, StandingCase, StandingHit, StandingRequest
from provisioning.contracts.wire.codec import encode, encode_snapshot
from provisioning.contracts.wire.messages import (
    Archived,
    ArchivedItem,
    Assessed,
    Box,
    CameraFacts,
    CameraState,
    CameraStatus,
    ClockQuality,
    ClockReading,
    ClockSource,
    CodedCause,
    Crossing,
    EdgeDetector,
    Heartbeat,
    HopTimes,
    Ledger,
    Machine,
    MachineClass,
    Message,
    Motion,
    Observed,
    ObservedItem,
    Picture,
    PictureCheck,
    PictureState,
    Quality,
    Recording,
    Redaction,
    Rejected,
    Snapshot,
    SourceKind,
)
from tests.contracts.example_documents import AT_MS, DOCUMENTS

GOLDEN = Path(__file__).parent / "golden"
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
        Machine(
            cls=MachineClass.BICYCLE,
            score=0.5,
            box=Box(x0=400, y0=100, x1=450, y1=170),
            motion=Motion(
                heading_deg=90,
                dwell_s=12.5,
                zones={"北口": 4.5},
                crossed=(Crossing(line="stop line", to="left"),),
                wrong_way=("bus lane",),
            ),
        ),
    ),
    people=3,
    redaction=Redaction(
        policy="test-policy",
        models={"centerface": "ab" * 32},
        regions=(Box(x0=10, y0=10, x1=60, y1=120),),
        covered_share=0.0316,
    ),
)
DETECTED = SNAPSHOT.model_copy(
    update={"detector": EdgeDetector(name="nanodet-g-416", sha256="ef" * 32, recipe="tiles-1280-fp32", threshold=0.4)}
)
LEDGER = Ledger(selected=10, spooled=7, archived=5, rejected=1, dropped={"redactor_busy": 2}, in_flight=2)

MESSAGES: dict[str, Message] = {
    **DOCUMENTS,
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
                machines=(Machine(cls=MachineClass.CAR, score=0.75, box=Box(x0=1, y0=2, x1=300, y1=200)),),
                people=3,
                width=640,
                height=272,
                clock=ClockQuality.ARRIVAL,
                times=HopTimes(
                    selected_at_ms=AT_MS + 50,
                    redacted_at_ms=AT_MS + 900,
                    spooled_at_ms=AT_MS + 950,
                    published_at_ms=AT_MS + 1500,
                    received_at_ms=AT_MS + 1600,
                    parsed_at_ms=AT_MS + 1700,
                    committed_at_ms=AT_MS + 1900,
                ),
                followed=SNAPSHOT.followed,
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
        decode_ms=9.5,
        queued=3,
        rate=1.25,
        passed_over={"cam-1": 12},
        disk_free_bytes=10_737_418_240,
        recordings={"desk": Recording(started_at_ms=AT_MS - 3_600_000, position_ms=2_000, pictures=3, held=True)},
    ),
    "assessed": Assessed(
        agent_id="cabinet-7",
        assessed_at_ms=AT_MS,
        cameras={
            "cam-1": CameraFacts(
                scores={PictureCheck.DARK: 0.25, PictureCheck.BLURRED: 0.75},
                faults=(PictureCheck.BLURRED,),
                clock_skew_ms=-125.5,
                clock_bound_ms=40,
                clock=ClockReading(source=ClockSource.RTCP, skew_ms=-125.5, bound_ms=40, read_at_ms=AT_MS - 2_000),
                clock_against=ClockReading(
                    source=ClockSource.PICTURE, skew_ms=-30_000, bound_ms=600, read_at_ms=AT_MS - 300_000
                ),
                pictures_per_s=0.5,
                last_picture_at_ms=AT_MS,
            )
        },
    ),
    "camera_status": CameraStatus(
        agent_id="cabinet-7",
        camera_id="cam-1",
        name="东门 East gate",
        state=CameraState.OFFLINE,
        cause="no connection: check power and network cable",
        code="unreachable",
        since_ms=AT_MS,
        latitude=31.3,
        longitude=120.6,
        source=SourceKind.GB28181,
        device_id="34020000001180000001",
    ),
    "camera_status_coded": CameraStatus(
        agent_id="cabinet-7",
        camera_id="cam-1",
        name="东门 East gate",
        state=CameraState.OFFLINE,
        cause="192.0.2.7:554 has no such stream: check the path of the address",
        code="not_found",
        reason=CodedCause(code="no_such_stream", params={"place": "192.0.2.7:554"}),
        since_ms=AT_MS,
    ),
    "erasure_request": ErasureRequest(row_key=f"desk:{ID}", case="A-2026-17"),
    "erasure_answer": ErasureAnswer(row_key=f"desk:{ID}", machines=2, again=False),
    "lookalike_request": LookalikeRequest(
        case="A-2026-17",
        purpose="stolen bicycle",
        asked_by="analyst",
        machines=(MachineRef(row_key=f"cabinet-7:{ID}", index=1),),
        sources=("cabinet-7/cam-1", "cabinet-8/cam-1"),
        from_ms=AT_MS - 86_400_000,
        to_ms=AT_MS,
        classes=(MachineClass.BICYCLE,),
        colours=(MachineColour.RED,),
        limit=20,
    ),
    "standing_request": StandingRequest(
        cases=(
            StandingCase(
                case="A-2026-17",
                machines=(MachineRef(row_key=f"cabinet-7:{ID}", index=1),),
                classes=(MachineClass.BICYCLE,),
                at_least=0.85,
                rows=(0,),
            ),
        ),
        row_keys=(f"cabinet-8:{ID}",),
    ),
    "standing_answer": StandingAnswer(
        hits=(StandingHit(case="A-2026-17", machine=MachineRef(row_key=f"cabinet-8:{ID}", index=0), similarity=0.875),),
    ),
    "lookalike_page": LookalikePage(
        hits=(
            LookalikeHit(
                machine=ObjectRow(
                    object_key=f"cabinet-7:{ID}:001",
                    row_key=f"cabinet-7:{ID}",
                    index=1,
                    camera_id="cam-1",
                    captured_at_ms=AT_MS - 5,
                    cls=MachineClass.BICYCLE,
                    score=0.5,
                    box=Box(x0=400, y0=100, x1=450, y1=170),
                    colour=MachineColour.RED,
                    colour_share=0.75,
                ),
                similarity=0.875,
            ),
        ),
        days_done=1,
        days=2,
        failed_days=("20261123",),
        recall=1.0,
        final=False,
    ),
}


def golden() -> dict[str, bytes]:
    """File name → content."""
    files = {f"{name}.json": encode(message) for name, message in MESSAGES.items()}
    snapshots = {"snapshot.bin": SNAPSHOT, "snapshot_detected.bin": DETECTED}
    return {**files, **{name: encode_snapshot(snapshot, PICTURE) for name, snapshot in snapshots.items()}}


if __name__ == "__main__":
    for name, content in golden().items():
        (GOLDEN / name).write_bytes(content)
