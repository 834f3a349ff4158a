"""The admission of requests: lanes that do not wait for each other, shared answers, callers that leave."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from ray_cluster.errors import Busy, UnknownObservation
from ray_cluster.query.admission import Admission, LaneLimits, QueryLane
from ray_cluster.serve.metrics import query_families
from tests.support.scraping import samples

pytestmark = pytest.mark.anyio

ONE_EACH = dict.fromkeys(QueryLane, LaneLimits(slots=1, places=3))


class Archive:
    """Work that is at work until `open` is called, and notes what began."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self._gate = threading.Event()

    def open(self) -> None:
        self._gate.set()

    def read(self, answer: str) -> Callable[[], str]:
        def work() -> str:
            self.began.append(answer)
            self._gate.wait()
            return answer

        return work


@pytest.fixture
async def archive() -> AsyncIterator[Archive]:
    archive = Archive()
    yield archive
    archive.open()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_list_does_not_wait_for_a_look_alike_and_accounts_take_turns(archive: Archive) -> None:
    admission = Admission(ONE_EACH)
    over = asyncio.Event()
    await admission.hold(QueryLane.LOOKALIKE, "a", over.wait)

    def ask(account: str, text: str) -> asyncio.Task[str]:
        return asyncio.create_task(admission.answer(QueryLane.LIST, account, text, archive.read(text)))

    asked = [ask("a", "a1"), ask("a", "a2"), ask("a", "a3"), ask("b", "b1")]
    await settle()
    archive.open()
    assert await asyncio.gather(*asked) == ["a1", "a2", "a3", "b1"]
    assert archive.began == ["a1", "a2", "b1", "a3"]
    assert admission.at_work() == {"list": 0, "count": 0, "lookalike": 1}
    over.set()
    await settle()
    assert admission.at_work()["lookalike"] == 0


async def test_equal_questions_that_wait_are_answered_once_and_one_that_began_is_not_joined(archive: Archive) -> None:
    admission = Admission(ONE_EACH)

    def ask(account: str) -> asyncio.Task[str]:
        return asyncio.create_task(admission.answer(QueryLane.LIST, account, "same", archive.read("same")))

    first = ask("a")
    await settle()
    others = [ask("a"), ask("b"), ask("c")]
    await settle()
    archive.open()
    assert await asyncio.gather(first, *others) == ["same"] * 4
    assert archive.began == ["same"] * 2
    assert admission.waiting() == dict.fromkeys(QueryLane, 0)
    told = samples(query_families(admission))
    assert told["wayside_query_shared_total", "list"] == 2
    assert told["wayside_query_wait_seconds_count", "list"] == 4


async def test_who_leaves_frees_the_place_and_what_waits_for_nobody_never_begins(archive: Archive) -> None:
    admission = Admission(ONE_EACH)

    def ask(text: str) -> asyncio.Task[str]:
        return asyncio.create_task(admission.answer(QueryLane.LIST, text[0], text[1:], archive.read(text)))

    first, leaves, stays = ask("a1"), ask("b2"), ask("c2")
    await settle()
    first.cancel()  # it has begun: it ends by itself
    leaves.cancel()
    await settle()
    assert admission.waiting()["list"] == 1
    archive.open()
    assert await stays == "c2"
    assert archive.began == ["a1", "c2"]
    assert samples(query_families(admission))["wayside_query_left_total", "list"] == 1
    assert admission.at_work()["list"] == 0


async def test_a_full_queue_refuses_the_newest_of_the_account_that_has_most(archive: Archive) -> None:
    admission = Admission(ONE_EACH)

    def ask(text: str) -> asyncio.Task[str]:
        return asyncio.create_task(admission.answer(QueryLane.LIST, text[0], text, archive.read(text)))

    asked = [ask(text) for text in ("a0", "a1", "a2", "a3", "b1")]
    await settle()
    archive.open()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(answers.pop(3), Busy)
    assert answers == ["a0", "a1", "a2", "b1"]
    assert samples(query_families(admission))["wayside_query_refused_total", "list"] == 1


async def test_an_error_reaches_all_who_asked_and_frees_the_slot(archive: Archive) -> None:
    admission = Admission(ONE_EACH)
    archive.open()

    def fail() -> str:
        raise UnknownObservation("no such row")

    for _ in range(3):
        with pytest.raises(UnknownObservation):
            await admission.answer(QueryLane.LIST, "a", "row", fail)
    assert admission.at_work()["list"] == 0
