"""Several detectors in one parser, and another assignment under load: no message lost, each seen by exactly one.

Real detectors (tiny ONNX files, tests/support/square_nets.py), the real parser and the real intake; the archive is a
dict. In the pictures there is one blue square, which every good net calls a car.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import cv2
import pytest

from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from provisioning.contracts.detectors import DetectorPlan
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.entries import Entry
from ray_cluster.errors import BadAssignment, StageFault
from ray_cluster.inference.assignment import assigned, default_choice
from ray_cluster.inference.detector_pool import DetectorPool
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Parsed, Photo, Unreadable
from tests.ray_cluster.street import FakeStages, Running, at_work
from tests.ray_cluster.world import archiver, entry, message, query, snapshot
from tests.support.square_nets import NETS, street
from tests.support.waiting import eventually

NANODET, YOLOX, _, DETR, SOFTMAX, DFINE = NETS[:6]
SIZE = (320, 200)
SQUARE = (100, 60, 180, 150)
REST = default_choice(NANODET.name, 0.4)
Plan = Mapping[str, str]
"""Camera → detector."""


@cache
def jpeg() -> bytes:
    done, content = cv2.imencode(".jpg", street(SQUARE, SIZE), [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return content.tobytes()


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for net in NETS:
        net.put(folder)
    YOLOX.with_(name="broken", times=float("nan")).put(folder)
    return folder


class Street:
    """A parser over real detectors, and how often each was loaded."""

    def __init__(self, models_dir: Path, *, most: int = 4) -> None:
        self.models_dir = models_dir
        self.loads: Counter[str] = Counter()
        self.parser = Parser(DetectorPool(self._load, most=most), assigned(DetectorPlan(), REST))
        self.adopt({})

    def _load(self, name: str) -> Detector:
        self.loads[name] += 1
        detector = Detector.load(Catalog(self.models_dir), name)
        detector.probe()
        return detector

    def adopt(self, plan: Plan, models: Mapping[str, str] | None = None) -> None:
        entries = [{"name": name, "cameras": [camera]} for camera, name in plan.items()]
        self.parser.adopt(assigned(DetectorPlan.model_validate({"detectors": entries}), REST), models or {})

    def see(self, *cameras: str, content: bytes | None = None) -> list[str]:
        """By whom a picture of each was seen."""
        photos = [Photo(jpeg() if content is None else content, *SIZE, (), "town", camera) for camera in cameras]
        seen = []
        for answer in self.parser.parse(photos):
            assert isinstance(answer, Parsed)
            assert answer.seen_by is not None
            assert [machine.cls for machine in answer.machines] == [MachineClass.CAR]
            assert answer.seen_by.sha256 == Catalog(self.models_dir).manifest(answer.seen_by.name).sha256
            seen.append(answer.seen_by.name)
        return seen


def test_each_picture_is_seen_by_its_cameras_detector_in_the_order_of_the_call(models_dir: Path) -> None:
    town = Street(models_dir)
    town.adopt({"gate": YOLOX.name, "quay": DETR.name})
    assert town.see("gate", "lane", "quay", "gate", "lane") == [
        YOLOX.name,
        NANODET.name,
        DETR.name,
        YOLOX.name,
        NANODET.name,
    ]
    status = town.parser.status()
    assert status.pictures == {YOLOX.name: 2, DETR.name: 1, NANODET.name: 2}
    assert set(status.in_memory) == {YOLOX.name, DETR.name, NANODET.name}
    assert status.faults == ()


def test_a_picture_that_is_none_costs_the_others_nothing(models_dir: Path) -> None:
    town = Street(models_dir)
    town.adopt({"gate": YOLOX.name})
    photos = [Photo(content, *SIZE, (), "town", "gate") for content in (jpeg(), b"junk", jpeg())]
    assert [type(answer) for answer in town.parser.parse(photos)] == [Parsed, Unreadable, Parsed]


def test_detectors_are_loaded_before_they_are_needed_and_memory_is_bounded(models_dir: Path) -> None:
    town = Street(models_dir, most=2)
    town.adopt({"gate": YOLOX.name, "quay": DETR.name, "pier": DFINE.name})
    assert len(town.parser.status().in_memory) == 2
    assert town.parser.status().in_memory[-1] == NANODET.name, "that of the rest is at hand"
    assert town.see("gate", "quay", "pier", "lane") == [YOLOX.name, DETR.name, DFINE.name, NANODET.name]
    assert len(town.parser.status().in_memory) == 2


@pytest.mark.parametrize(
    ("name", "words"),
    [("broken", "holds values that are no numbers"), ("of-a-dream", "no such artifact"), ("bikes", "kind 'footage'")],
)
def test_a_detector_that_does_not_work_is_refused_and_the_old_assignment_stays(
    name: str, words: str, models_dir: Path
) -> None:
    town = Street(models_dir)
    town.adopt({"gate": YOLOX.name})
    with pytest.raises(BadAssignment, match="assignment refused, the one before stays") as caught:
        town.adopt({"gate": DETR.name, "quay": name})
    assert words in str(caught.value)
    assert town.see("gate", "quay") == [YOLOX.name, NANODET.name]
    assert town.parser.status().faults == (str(caught.value),), "health says so"
    assert [each.code for each in town.parser.status().reasons] == ["assignment_refused"]
    town.adopt({"gate": DETR.name})
    assert town.see("gate") == [DETR.name]
    assert town.parser.status().faults == ()


def test_a_machine_with_another_file_of_that_name_refuses_it(models_dir: Path) -> None:
    town = Street(models_dir)
    with pytest.raises(BadAssignment, match="put the same file and manifest on every machine"):
        town.adopt({"gate": YOLOX.name}, {YOLOX.name: "0" * 64})
    assert town.see("gate") == [NANODET.name]


def test_a_detector_that_fails_later_costs_no_message_and_the_row_tells_who_saw(tmp_path: Path) -> None:
    for net in (NANODET, YOLOX, DETR):
        net.put(tmp_path)
    town = Street(tmp_path, most=1)
    town.adopt({"gate": YOLOX.name})
    (tmp_path / f"{YOLOX.name}.onnx").unlink()  # it was not in memory: that of the rest is
    assert town.see("gate", "lane", "gate") == [NANODET.name] * 3
    status = town.parser.status()
    assert status.fell_back == {YOLOX.name: 2}
    (fault,) = status.faults
    (reason,) = status.reasons
    assert reason.code == "detector_fell_back"
    assert reason.params["name"] in fault
    assert "yolox-raw.onnx is missing" in fault


def test_nobody_sees_for_the_detector_of_the_rest(tmp_path: Path) -> None:
    for net in (NANODET, YOLOX):
        net.put(tmp_path)
    town = Street(tmp_path, most=1)
    town.adopt({"gate": YOLOX.name})
    assert town.see("gate") == [YOLOX.name]
    (tmp_path / f"{NANODET.name}.onnx").unlink()
    with pytest.raises(StageFault, match="is missing"):  # and intake tries again
        town.see("lane")


class ParsedStages(FakeStages):
    """A real parser, in threads as in its replica."""

    def __init__(self, town: Street) -> None:
        super().__init__()
        self.town = town

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        self._call("parse", len(photos))
        return await asyncio.to_thread(self.town.parser.parse, photos)


def deliver(running: Running, number: int) -> int:
    envelope = snapshot(number, camera=f"cam-{number % 3}", picture=jpeg(), size=SIZE)
    return running.deliver(message(envelope, jpeg()))


def test_assignments_are_swapped_under_load_and_every_message_is_seen_once_and_archived(models_dir: Path) -> None:
    """Four swaps and two refusals while 600 messages of three cameras come in."""
    plans: list[Plan] = [
        {"cam-0": YOLOX.name},
        {"cam-0": DETR.name, "cam-1": YOLOX.name},
        {"cam-0": "broken"},
        {"cam-0": DFINE.name, "cam-1": SOFTMAX.name, "cam-2": DETR.name},
        {"cam-1": "of-a-dream"},
        {"cam-0": YOLOX.name, "cam-1": YOLOX.name},
    ]
    town = Street(models_dir, most=3)
    stages = ParsedStages(town)
    swapped = refused = 0

    async def swap() -> None:
        nonlocal swapped, refused
        for number, plan in enumerate(plans, start=1):
            await eventually(lambda number=number: len(stages.rows) >= 80 * number)  # type: ignore[misc]
            try:
                await asyncio.to_thread(town.adopt, plan)
            except BadAssignment:
                refused += 1
            swapped += 1

    async def story() -> None:
        async with at_work(stages) as running:
            swaps = asyncio.create_task(swap())
            sent = set()
            for number in range(600):
                # However long a swap takes, each plan sees 40 messages.
                await eventually(lambda number=number: number < 80 * swapped + 120)  # type: ignore[misc]
                sent.add(deliver(running, number))
                await eventually(lambda: len(sent) - len(running.broker.acked) <= 40)
            await swaps
            await running.settle()
            sent |= {deliver(running, number) for number in range(600, 630)}
            await running.settle()
            assert running.broker.acked == sent
            assert running.broker.rejected() == []

    asyncio.run(story())
    assert refused == 2
    entries: dict[int, Entry] = {int(entry.snapshot.source_key[1:]): entry for entry, _ in stages.rows.values()}
    assert sorted(entries) == list(range(630)), "none lost, none twice"
    cameras = ("cam-0", "cam-1", "cam-2")
    allowed = [{NANODET.name} | {plan[camera] for plan in plans if camera in plan} for camera in cameras]
    for number, one in entries.items():
        assert one.seen_by is not None, "none seen by nobody"
        assert one.seen_by.name in allowed[number % 3] - {"broken", "of-a-dream"}
        assert [machine.cls for machine in one.machines] == [MachineClass.CAR]
    by_name = Counter(one.seen_by.name for one in entries.values() if one.seen_by is not None)
    assert by_name.keys() == {NANODET.name, YOLOX.name, DETR.name, DFINE.name, SOFTMAX.name}, "each had its turn"
    assert town.parser.status().pictures == by_name, "each picture was looked at once"
    last = {
        number % 3: one.seen_by.name for number, one in entries.items() if number >= 600 and one.seen_by is not None
    }
    assert last == {0: YOLOX.name, 1: YOLOX.name, 2: NANODET.name}


def test_the_archive_keeps_who_saw_it(models_dir: Path, tmp_path: Path) -> None:
    (parsed,) = Street(models_dir).parser.parse([Photo(jpeg(), *SIZE, ())])
    assert isinstance(parsed, Parsed)
    plain = entry(1)
    seen = Entry(
        entry(2).snapshot, "2" * 64, plain.received_at_ms, plain.picture, jpeg(), parsed.machines, (), parsed.seen_by
    )
    archiver(tmp_path).commit([plain, seen], now_ms=plain.received_at_ms)
    read = query(tmp_path)
    before, after = read.observation(plain.row_key), read.observation(seen.row_key)
    assert (before.snapshot.detector, before.snapshot.detector_sha256) == (None, None)
    assert [machine.detector for machine in before.machines] == [None]
    assert after.snapshot.detector == NANODET.name
    assert after.snapshot.detector_sha256 == Catalog(models_dir).manifest(NANODET.name).sha256
    assert [machine.detector for machine in after.machines] == [NANODET.name]
