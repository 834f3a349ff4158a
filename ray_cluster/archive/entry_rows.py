"""Converts an entry to the rows of the archive, with the motion of machines that the edge tracked. Pure."""

from collections.abc import Sequence

from provisioning.contracts.query.archive import ObjectRow, PicturePlace, SnapshotRow
from provisioning.contracts.wire.messages import Machine, Motion
from ray_cluster.archive.entries import Entry
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.matching import pairs


def snapshot_row_of(
    entry: Entry, place: PicturePlace | None, commit_seq: int, now_ms: int, *, trusted: bool
) -> SnapshotRow:
    """Build the snapshot row of `entry`, its commit mark; `place` is None unless its picture is kept."""
    snapshot = entry.snapshot
    return SnapshotRow(
        row_key=entry.row_key,
        observation_id=snapshot.observation_id,
        agent_id=snapshot.agent_id,
        camera_id=snapshot.camera_id,
        source_key=snapshot.source_key,
        captured_at_ms=snapshot.captured_at_ms,
        received_at_ms=entry.received_at_ms,
        committed_at_ms=now_ms,
        commit_seq=commit_seq,
        clock=snapshot.clock,
        time_trusted=trusted,
        picture=entry.picture,
        place=place,
        width=snapshot.picture.width,
        height=snapshot.picture.height,
        picture_sha256=snapshot.picture.sha256,
        message_sha256=entry.message_sha256,
        quality=snapshot.quality,
        # The edge's count. The parser sees people only after they were covered, so its own count would be meaningless.
        people=snapshot.people,
        classes=tuple(sorted({machine.cls for machine in entry.machines})),
        redaction=snapshot.redaction,
        detector=None if entry.seen_by is None else entry.seen_by.name,
        detector_sha256=None if entry.seen_by is None else entry.seen_by.sha256,
        found_at=entry.found_at,
        followed=snapshot.followed,
        signature=snapshot.signature,
    )


def object_rows_of(entry: Entry) -> list[tuple[ObjectRow, Appearance]]:
    """Build a row for each machine of `entry`, with its appearance."""
    appearances = entry.appearances or (UNSEEN,) * len(entry.machines)
    pixels = entry.snapshot.picture.width * entry.snapshot.picture.height
    return [
        (
            ObjectRow(
                object_key=f"{entry.row_key}:{index:03d}",
                row_key=entry.row_key,
                index=index,
                camera_id=entry.snapshot.camera_id,
                captured_at_ms=entry.snapshot.captured_at_ms,
                cls=machine.cls,
                score=machine.score,
                box=machine.box,
                detector=None if entry.seen_by is None else entry.seen_by.name,
                colour=appearance.colour,
                colour_share=appearance.colour_share,
                share=min(1.0, (machine.box.x1 - machine.box.x0) * (machine.box.y1 - machine.box.y0) / pixels),
                heading_deg=None if motion is None else motion.heading_deg,
                zones=() if motion is None else tuple(motion.zones),
            ),
            appearance,
        )
        for index, (machine, appearance, motion) in enumerate(
            zip(entry.machines, appearances, motions(entry.machines, entry.snapshot.followed), strict=True)
        )
    ]


def motions(machines: Sequence[Machine], followed: Sequence[Machine]) -> list[Motion | None]:
    """Return the motion of each of `machines`, which may have its own already; one without a pair has none."""
    found = [machine.motion for machine in machines]
    without = [index for index, motion in enumerate(found) if motion is None]
    for mine, theirs in pairs([machines[index] for index in without], followed):
        found[without[mine]] = followed[theirs].motion
    return found
