"""The prober: all at once, each in bounded time. One that hangs, or is broken, is its own fault and nobody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from center.pipeline.causes import RELAY_AWAY
from center.pipeline.probes import UNREACHABLE, Probe, ProbeFault, Prober, ProbeReport, ProbeValue
from center.pipeline.stages import Stage
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
SOON_S = 0.05
NEVER_S = 3600.0


@dataclass
class Party:
    """A third party whose behaviour a test sets."""

    acts: Callable[[], Awaitable[ProbeValue]]
    attempts: int = 0
    cut_off: list[bool] = field(default_factory=list)

    async def run(self) -> ProbeValue:
        self.attempts += 1
        try:
            return await self.acts()
        except asyncio.CancelledError:
            self.cut_off.append(True)
            raise


async def well() -> ProbeValue:
    return None


async def hangs() -> ProbeValue:
    await asyncio.Event().wait()
    return None


async def fails() -> ProbeValue:
    raise ProbeFault(RELAY_AWAY, UNREACHABLE)


async def has_a_bug() -> ProbeValue:
    raise ZeroDivisionError


async def gave_up() -> ProbeValue:
    raise TimeoutError


def prober_of(*parties: Party, timeout_s: float = SOON_S, now_ms: int = 7) -> Prober:
    probes = [Probe(Stage.MAIL, f"party {number}", party.run) for number, party in enumerate(parties)]
    return Prober(probes, every_s=15, timeout_s=timeout_s, now_ms=lambda: now_ms)


async def test_each_reports_for_itself_and_one_that_hangs_holds_up_no_other() -> None:
    hanging = Party(hangs)
    prober = prober_of(Party(well), hanging, Party(fails))
    assert [each.is_checked for each in prober.reports] == [False] * 3
    await prober.loop.turn()
    good, hung, failed = prober.reports
    assert (good.is_failing, good.succeeded_at_ms, good.failures) == (False, 7, 0)
    assert (hung.hung_s, hung.succeeded_at_ms, hung.failures) == (SOON_S, None, 1)
    assert failed.fault is not None
    assert (failed.fault.cause, failed.fault.text, failed.failures) == (RELAY_AWAY, UNREACHABLE, 1)
    await eventually(lambda: hanging.cut_off)


async def test_a_turn_ends_with_its_probes_and_waits_for_no_limit() -> None:
    prober = prober_of(Party(well), Party(fails), timeout_s=NEVER_S)
    await prober.loop.turn()
    assert [each.is_failing for each in prober.reports] == [False, True]


async def test_a_limit_of_the_probe_itself_counts_as_no_answer() -> None:
    prober = prober_of(Party(gave_up), timeout_s=NEVER_S)
    await prober.loop.turn()
    assert prober.reports[0].hung_s == NEVER_S


async def test_one_that_heeds_no_end_is_accused_again_and_never_doubled() -> None:
    go_on = asyncio.Event()

    async def stubborn() -> ProbeValue:
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        return None

    party, other = Party(stubborn), Party(well)
    prober = prober_of(party, other)
    for _ in range(3):
        await prober.loop.turn()
    assert (party.attempts, other.attempts) == (1, 3)
    assert (prober.reports[0].failures, prober.reports[1].failures) == (3, 0)
    go_on.set()
    await eventually(lambda: all(task.done() for task in prober._tasks.values()))
    await prober.loop.turn()
    assert not prober.reports[0].is_failing


async def test_a_success_ends_the_fault_and_keeps_the_count() -> None:
    party = Party(fails)
    prober = prober_of(party)
    await prober.loop.turn()
    party.acts = well
    await prober.loop.turn()
    report = prober.reports[0]
    assert (report.is_failing, report.fault, report.succeeded_at_ms, report.failures) == (False, None, 7, 1)


async def test_a_bug_is_in_the_report_and_in_health_and_the_others_have_reported() -> None:
    prober = prober_of(Party(has_a_bug), Party(well))
    await prober.loop.turn()
    assert prober.loop.report().cause == "ZeroDivisionError"
    broken, good = prober.reports
    assert broken.fault is not None
    assert (broken.fault.cause.code, broken.fault.text) == ("probe_broken", "ZeroDivisionError")
    assert good.succeeded_at_ms == 7


async def test_without_a_third_party_nothing_is_done() -> None:
    prober = prober_of()
    await prober.loop.turn()
    assert prober.reports == ()
    assert prober.loop.death is None


def test_a_report_before_the_first_attempt_neither_fails_nor_succeeds() -> None:
    report = ProbeReport(Stage.SMS, "sms")
    assert (report.is_checked, report.is_failing, report.succeeded_at_ms) == (False, False, None)
