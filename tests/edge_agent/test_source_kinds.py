"""Every kind of source of the contract has its row, and the row says what the agent does with such a camera."""

from pathlib import Path
from typing import Final, get_args

import pytest

from edge_agent.source_kinds import Arrival, SourceTraits, Timeouts, sources_of, traits_of
from provisioning.contracts.config.processes import (
    Camera,
    CameraSource,
    DropFolderSource,
    Gb28181Source,
    RecorderSource,
    ReplaySource,
    RtspSource,
    SnapshotSource,
    UploadSource,
    ViidSource,
)

DEVICE: Final = "34020000001180000001"
CHANNEL: Final = "34020000001320000001"
LOGIN: Final = {"username": "u", "password_sealed": "0" * 64}
REGISTERED: Final = {"device_id": DEVICE, "channel_id": CHANNEL, **LOGIN}
SPAN: Final = {"started_at_ms": 1, "ended_at_ms": 2}
RECEIVER: Final = Timeouts(12.0, 15.0)

ROWS: Final[list[tuple[CameraSource, SourceTraits]]] = [
    (
        RtspSource(url="rtsp://127.0.0.1/a", connect_timeout_s=3, read_timeout_s=2),
        SourceTraits(
            Arrival.STREAM, keeps_pace=True, has_fixed_view=True, process_timeouts=Timeouts(3, 2), host="127.0.0.1"
        ),
    ),
    (
        Gb28181Source.model_validate(REGISTERED),
        SourceTraits(
            Arrival.STREAM,
            keeps_pace=True,
            has_fixed_view=True,
            process_timeouts=RECEIVER,
            has_sessions=True,
            device_id=DEVICE,
            channel_id=CHANNEL,
        ),
    ),
    (
        Gb28181Source.model_validate({**REGISTERED, "span": SPAN}),
        SourceTraits(
            Arrival.RECORDED,
            can_wait=True,
            has_fixed_view=True,
            process_timeouts=RECEIVER,
            has_sessions=True,
            device_id=DEVICE,
            channel_id=CHANNEL,
        ),
    ),
    (
        RecorderSource.model_validate({"recorder": "nvr", "channel": "1", "span": SPAN}),
        SourceTraits(
            Arrival.RECORDED, can_wait=True, has_fixed_view=True, process_timeouts=RECEIVER, has_sessions=True
        ),
    ),
    (
        ViidSource.model_validate({"device_id": DEVICE, "keepalive_s": 30, **LOGIN}),
        SourceTraits(Arrival.PUSHED, is_brought=True, device_id=DEVICE, keepalive_s=30),
    ),
    (DropFolderSource(path=Path("/run/drop")), SourceTraits(Arrival.PUSHED, is_brought=True)),
    (SnapshotSource(url="http://h/a"), SourceTraits(Arrival.FETCHED, keeps_pace=True, has_fixed_view=True, host="h")),
    (
        SnapshotSource.model_validate({"device_id": DEVICE, "channel_id": CHANNEL, **LOGIN}),
        SourceTraits(Arrival.FETCHED, keeps_pace=True, has_fixed_view=True, device_id=DEVICE, channel_id=CHANNEL),
    ),
    (UploadSource(), SourceTraits(Arrival.RECORDED, is_brought=True, can_wait=True)),
    (ReplaySource(path=Path("a.mp4")), SourceTraits(Arrival.RECORDED, keeps_pace=True, has_fixed_view=True)),
    (ReplaySource(path=Path("a.mp4"), realtime=False), SourceTraits(Arrival.RECORDED, has_fixed_view=True)),
]


def test_every_kind_of_the_contract_has_a_row() -> None:
    assert {type(source) for source, _ in ROWS} == set(get_args(CameraSource))


@pytest.mark.parametrize(("source", "traits"), ROWS, ids=[source.kind for source, _ in ROWS])
def test_the_row_of_a_source(source: CameraSource, traits: SourceTraits) -> None:
    assert traits_of(source) == traits


def test_recordings_that_are_brought_are_uploaded_and_a_channel_is_a_registered_devices() -> None:
    assert {source.kind for source, traits in ROWS if traits.is_uploaded} == {"upload"}
    assert {source.kind for source, traits in ROWS if traits.is_registered} == {"gb28181", "snapshot"}


def test_the_sources_of_one_kind_are_found_by_camera() -> None:
    cameras = [Camera(id=f"c{number}", source=source) for number, (source, _) in enumerate(ROWS)]
    assert set(sources_of(cameras, Gb28181Source)) == {"c1", "c2"}
    assert sources_of(cameras, UploadSource) == {"c8": ROWS[8][0]}
