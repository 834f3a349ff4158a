"""Packs in a store whose writes fail, arrive late or twice: every order of a few of them, by a store in memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from provisioning.contracts.query.archive import PicturePlace
from ray_cluster.archive.object_store.object_packs import ObjectPacks
from ray_cluster.archive.object_store.objects import Listed, StoredObject
from ray_cluster.archive.packs import ORPHAN_AGE_S
from ray_cluster.errors import ArchiveWriteFailed, PictureErased
from tests.ray_cluster.archive.test_packs import DAY, PICTURES, sha

FAULTS = 2
"""Failed requests of one run."""
Write = Callable[[], bool]


@dataclass
class Choices:
    """One run: `given` choices first, then always the first. `taken`: all, each with how many there were."""

    given: tuple[int, ...]
    taken: list[tuple[int, int]] = field(default_factory=list)

    def of(self, count: int) -> int:
        at = len(self.taken)
        chosen = self.given[at] if at < len(self.given) else 0
        self.taken.append((chosen, count))
        return chosen


def every_run(run: Callable[[Choices], None]) -> int:
    """Runs with every sequence of choices; returns their number."""
    waiting: list[tuple[int, ...]] = [()]
    runs = 0
    while waiting:
        choices = Choices(waiting.pop())
        run(choices)
        runs += 1
        taken = [chosen for chosen, _ in choices.taken]
        for at in range(len(choices.given), len(taken)):
            waiting += [(*taken[:at], other) for other in range(1, choices.taken[at][1])]
    return runs


class FaultyObjects:
    """A store in memory. A write that failed for the client may be carried out now, later, or never."""

    def __init__(self, choices: Choices, *, conditional: bool = True) -> None:
        self.content: dict[str, bytes] = {}
        self._choices = choices
        self._conditional = conditional
        self._states: dict[str, int] = {}
        self._late: list[Write] = []
        self._faults = FAULTS

    def create(self, key: str, content: bytes) -> bool:
        return self._send(lambda: self._write(key, content, holds=key not in self.content))

    def replace(self, key: str, content: bytes, etag: str) -> bool:
        return self._send(lambda: self._write(key, content, holds=str(self._states.get(key)) == etag))

    def get(self, key: str, span: tuple[int, int] | None = None) -> StoredObject | None:
        self.carry_out_some()
        if key not in self.content:
            return None
        part = slice(*(span or (None, None)))
        return StoredObject(self.content[key][part], str(self._states[key]))

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            del self.content[key], self._states[key]

    def listing(self, prefix: str) -> Iterator[Listed]:
        yield from [Listed(key, len(found), 0.0) for key, found in self.content.items() if key.startswith(prefix)]

    def folders(self, prefix: str) -> Iterator[str]:
        yield from sorted({key.removeprefix(prefix).split("/")[0] for key in self.content})

    def keeps_versions(self) -> bool:
        return False

    def carry_out_some(self, *, everything: bool = False) -> None:
        """Carry out writes that are late, in any order."""
        none = 0 if everything else 1
        while self._late:
            chosen = self._choices.of(len(self._late) + none)
            if chosen < none:
                return
            self._late.pop(chosen - none)()

    def _write(self, key: str, content: bytes, *, holds: bool) -> bool:
        if holds or not self._conditional:
            self.content[key] = content
            self._states[key] = self._states.get(key, 0) + 1
        return holds or not self._conditional

    def _send(self, write: Write) -> bool:
        self.carry_out_some()
        match self._choices.of(5 if self._faults else 1):
            case 0:
                return write()
            case 1:  # never carried out
                self._fail()
            case 2:  # the answer is lost, and the client sends it no more
                write()
                self._fail()
            case 3:  # late, and the client sends it no more
                self._late.append(write)
                self._fail()
            case _:  # late, and the client sends it again
                self._faults -= 1
                self._late.append(write)
                return write()
        raise AssertionError

    def _fail(self) -> None:
        self._faults -= 1
        raise ArchiveWriteFailed("the store does not answer")


def persist(act: Callable[[], tuple[PicturePlace, ...] | None]) -> tuple[PicturePlace, ...]:
    """As a caller does who tries again."""
    while True:
        try:
            return act() or ()
        except ArchiveWriteFailed:
            continue


def keep_and_erase(choices: Choices, *, conditional: bool = True) -> None:
    objects = FaultyObjects(choices, conditional=conditional)
    packs = ObjectPacks(objects, "p")
    places = persist(lambda: packs.write(DAY, "00", PICTURES))
    for place in places[:2]:
        persist(lambda place=place: packs.erase(place))  # type: ignore[misc] # bound now
    objects.carry_out_some(everything=True)
    packs.sweep(DAY, {places[0].pack}, now_s=ORPHAN_AGE_S + 1)
    assert packs.read(places[2], sha(PICTURES[2])) == PICTURES[2]
    for place, picture in zip(places[:2], PICTURES, strict=False):
        with pytest.raises(PictureErased):
            packs.read(place, sha(picture))
    assert list(objects.content) == [f"p/packs/{places[0].pack}"]


def test_no_late_or_repeated_write_loses_a_picture_or_brings_an_erased_one_back() -> None:
    assert every_run(keep_and_erase) > 500


def test_a_store_without_conditions_would_bring_an_erased_picture_back() -> None:
    """So the test above can fail."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        every_run(lambda choices: keep_and_erase(choices, conditional=False))
