"""A message that ends the intake's own process is found among those that were in hand, and given up."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

from provisioning.contracts.errors import RejectReason
from provisioning.contracts.wire import codec
from ray_cluster.inference.picture import Parsed, Photo, Unreadable
from ray_cluster.intake.in_hand import MOST_DEATHS, TOGETHER, InHand
from ray_cluster.intake.intake import GROUP
from tests.ray_cluster.street import FakeStages, Running, at_work, good
from tests.ray_cluster.world import jpeg
from tests.support.waiting import within

POISON = jpeg(199)


def keys(*numbers: int) -> list[str]:
    return [codec.message_sha256(good(number)) for number in numbers]


class Dying(FakeStages):
    """At `POISON` the process would end; here the call does not, and `fell` is set. `together` counts the pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.fell = asyncio.Event()
        self.together: list[int] = []
        self.inside = 0

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        self.inside += len(photos)
        if POISON in [photo.jpeg for photo in photos]:
            await asyncio.sleep(0)  # groups that began with it are in hand by now
            self.together.append(self.inside)
            self.fell.set()
            await asyncio.Event().wait()
        found = await super().parse(photos)
        self.inside -= len(photos)
        return found


def test_what_was_in_hand_at_a_death_is_counted_until_it_ends(tmp_path: Path) -> None:
    one, two, three = keys(1, 2, 3)
    first = InHand.in_folder(tmp_path)
    for key in (one, two, two, three):
        first.enter(key)
    first.leave(two)
    first.leave(three)
    file = tmp_path / "in-hand-0"
    assert file.stat().st_mode & 0o777 == 0o600
    for deaths in (1, 2):
        file = Path(shutil.copy(file, tmp_path / f"kept-{deaths}"))  # as the kernel keeps it
        after = _opened(file)
        assert [after.deaths(key) for key in (one, two, three)] == [deaths, deaths, 0]
        after.enter(one)
        after.enter(two)
    after.leave(one)
    assert [after.deaths(key) for key in (one, two)] == [0, 2]


def test_two_intakes_of_a_machine_have_a_file_each_and_a_full_one_drops_the_oldest(tmp_path: Path) -> None:
    first, second = InHand.in_folder(tmp_path), InHand.in_folder(tmp_path)
    many = [f"{number:064x}" for number in range(1, 2049)]
    for key in many:
        first.enter(key)
    second.enter(many[0])
    assert {file.name for file in tmp_path.iterdir()} == {"in-hand-0", "in-hand-1"}
    after = _opened(Path(shutil.copy(tmp_path / "in-hand-0", tmp_path / "kept")))
    assert [after.deaths(key) for key in (many[0], many[1])] == [1, 1]
    after.enter("ff" * 32)
    assert [after.deaths(key) for key in (many[0], many[1])] == [0, 1]


async def life(before: Path | None, after: Path) -> Running | None:
    """One process, with what its predecessor had in hand: it ends at the poison and leaves `after`, or does it all."""
    file = after.with_suffix(".mapped")
    if before is not None:
        shutil.copy(before, file)
    stages = Dying()
    async with at_work(stages, in_hand=_opened(file)) as running:
        for each in range(3 * GROUP):
            running.deliver(good(50, picture=POISON) if each == 3 else good(each))
        done = asyncio.create_task(running.settle())
        fell = asyncio.create_task(stages.fell.wait())
        async with within():
            await asyncio.wait({done, fell}, return_when=asyncio.FIRST_COMPLETED)
        is_dead = not done.done()
        if is_dead:
            shutil.copy(file, after)
        done.cancel()
        fell.cancel()
    after.with_suffix(".together").write_text(str(stages.together))
    return None if is_dead else running


def test_a_message_that_ends_the_process_is_tried_alone_and_given_up_and_the_others_are_archived(
    tmp_path: Path,
) -> None:
    kept: list[Path] = []
    while True:
        running = asyncio.run(life(kept[-1] if kept else None, tmp_path / str(len(kept))))
        if running is not None:
            break
        kept.append(tmp_path / str(len(kept)))
        assert len(kept) <= MOST_DEATHS
    together = [int(each.with_suffix(".together").read_text().strip("[]")) for each in kept]
    assert len(together) == MOST_DEATHS
    assert all(count > 1 for count in together[:TOGETHER])
    assert together[TOGETHER:] == [1] * (MOST_DEATHS - TOGETHER)
    (rejected,) = running.broker.rejected()
    assert rejected.reason is RejectReason.UNPROCESSABLE
    assert f"died {MOST_DEATHS} times" in rejected.detail
    assert len(running.stages.rows) == 3 * GROUP - 1


def _opened(path: Path) -> InHand:
    """The file itself, as `in_folder` opens it."""
    with path.open("a+b") as file:
        return InHand(file.fileno())
