"""Observations that go up: none by default, by district and class, a share that is always the same."""

from pathlib import Path

import pytest

from center.access.permissions import CameraKey
from center.viid_cascade.selection import DropName, ViidCamera, choose
from provisioning.contracts.config.viid_cascade import ViidSuperior
from provisioning.contracts.wire.messages import MachineClass, PictureState, Signature
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.viid_cascade.rig import DISTRICT, GATE, settings

CAMERAS = {
    CameraKey(AGENT, "cam-1"): ViidCamera(DISTRICT, GATE),
    CameraKey(AGENT, "cam-2"): ViidCamera("south", GATE),
    CameraKey(AGENT, "cam-4"): ViidCamera(DISTRICT, "4401"),
}


@pytest.fixture
def superior(tmp_path: Path) -> ViidSuperior:
    return settings(tmp_path, "https://localhost:1")


def chosen(superior: ViidSuperior, camera_id: str = "cam-1", seed: int = 1, **snapshot: object) -> object:
    """The key of the one row, or the name by which it is dropped."""
    row, _ = observation(camera_id, NOW_MS - 1000, seed)
    row = row.model_copy(update={"snapshot": row.snapshot.model_copy(update=snapshot)})
    kept, dropped = choose(superior, [row], CAMERAS, now_ms=NOW_MS)
    return next(iter(dropped), None) if not kept else kept[0].device_id


def test_by_default_nothing_goes_up(tmp_path: Path) -> None:
    assert chosen(settings(tmp_path, "https://localhost:1", districts=())) is None
    assert chosen(settings(tmp_path, "https://localhost:1", classes=())) is None


def test_cameras_of_the_districts_alone_go_up(superior: ViidSuperior) -> None:
    assert chosen(superior) == GATE
    assert chosen(superior, "cam-2") is None
    assert chosen(superior, "cam-9") is None


def test_machines_of_the_classes_alone_go_up(tmp_path: Path) -> None:
    row, _ = observation("cam-1", NOW_MS, 5)
    have = {machine.cls for machine in row.machines}
    for cls in MachineClass:
        only = settings(tmp_path, "https://localhost:1", classes=(cls,))
        assert bool(choose(only, [row], CAMERAS, now_ms=NOW_MS)[0]) == (cls in have)


def test_a_picture_that_was_brought_to_a_desk_never_goes_up(superior: ViidSuperior) -> None:
    signed = Signature.model_construct(certificate="", value="")
    assert chosen(superior, signature=signed) is None


def test_what_stands_in_the_way_is_named(superior: ViidSuperior) -> None:
    assert chosen(superior, "cam-4") is DropName.NO_CODE
    assert chosen(superior, time_trusted=False) is DropName.UNTRUSTED_TIME
    assert chosen(superior, picture=PictureState.WITHHELD) is DropName.NO_PICTURE
    assert chosen(superior, picture=PictureState.LEAK) is DropName.NO_PICTURE
    assert chosen(superior, committed_at_ms=NOW_MS - 25 * 3_600_000) is DropName.EXPIRED


def test_a_share_is_about_that_share_and_always_the_same(tmp_path: Path) -> None:
    half = settings(tmp_path, "https://localhost:1", share=0.5)
    rows = [observation("cam-1", NOW_MS - number, number % 3)[0] for number in range(400)]
    picked = [each.row_key for each in choose(half, rows, CAMERAS, now_ms=NOW_MS)[0]]
    assert 150 < len(picked) < 250
    assert picked == [each.row_key for each in choose(half, rows, CAMERAS, now_ms=NOW_MS)[0]]
