"""Messages around channels that send nothing: the rule with every course, and real channels under a test's clock."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.audit.log import Audit
from center.database.store import Store
from center.notify.channels.base import Parcel
from center.notify.errors import OutboxFullError
from center.notify.fallback import LATE_MS, WINDOW_MS, FallbackDelivery, NoticeStatus, Outage, fallbacks
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.notify.message import Message
from center.notify.service import Notifier
from center.notify.sms_months.ledger import ComplaintSource
from center.retention import Retention, machine_clocks
from provisioning.contracts.config.notify import Notify
from tests.center.conftest import Clock
from tests.support import notify_world as own
from tests.support.fresh_store import fresh_store
from tests.support.notify_desk import NOT_TAKEN, TAKEN

NAMES = ("a", "b", "c", "d")
REFUSED = AttemptOutcome(AttemptVerdict.REFUSED, "http_410")


@given(
    roster=st.lists(st.sampled_from(NAMES), unique=True),
    carrying=st.frozensets(st.sampled_from(NAMES), min_size=1),
    blocked=st.frozensets(st.sampled_from(NAMES)),
)
def test_each_blocked_channel_has_a_stand_in_if_one_of_the_roster_sends(
    roster: list[str], carrying: frozenset[str], blocked: frozenset[str]
) -> None:
    found = fallbacks(roster, carrying, blocked)
    sends = set(roster) - blocked
    assert found.keys() == (carrying & blocked if sends else set())
    assert set(found.values()) <= sends
    assert fallbacks(roster, carrying | set(found.values()), blocked) == found, "the same again: nothing more is sent"


def test_the_next_of_the_roster_stands_in_and_after_the_last_comes_the_first() -> None:
    roster = ["duty", "sms", "mail"]
    assert fallbacks(roster, {"sms"}, {"sms"}) == {"sms": "mail"}
    assert fallbacks(roster, {"mail"}, {"mail"}) == {"mail": "duty"}
    assert fallbacks(roster, {"duty", "sms"}, {"sms"}) == {"sms": "mail"}
    assert fallbacks(["duty", "sms"], {"duty", "sms"}, {"sms"}) == {"sms": "duty"}, "which carries it already"
    assert fallbacks(roster, {"sms"}, {"sms", "mail"}) == {"sms": "duty"}
    assert fallbacks(roster, {"sms"}, roster) == {}
    assert fallbacks(roster, {"gone"}, {"gone"}) == {"gone": "duty"}, "a channel that left the roster"


class Roster:
    """SMS first, then a duty desk, then a chief; messages go out when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.clock.now_ms = own.AT_MS
        self.store: Store = fresh_store(folder / "center.sqlite3")
        self.audit = Audit(self.store, self.clock)
        hooks = tuple(
            own.webhook(folder, "https://desk.example/hook", id=name, max_waiting=3) for name in ("duty", "chief")
        )
        self.notifier = Notifier(
            Notify(sms=(own.sms(folder, "https://gateway.example/sms", max_waiting=2),), webhooks=hooks),
            self.store,
            self.audit,
            data_dir=folder,
            retention=Retention(folder, machine_clocks(self.clock), newest_ms=lambda: None),
            now_ms=self.clock,
        )
        self.delivery = self.over(["sms"], ["duty", "chief"])

    def over(self, *levels: list[str]) -> FallbackDelivery:
        return FallbackDelivery(self.notifier, self.store, self.audit, self.clock, levels=levels, prefix="alarm-")

    def suspend(self) -> None:
        sms = self.notifier.channels["sms"]
        for number in range(11):
            self.notifier.sms_months.ledger.enter(
                sms,
                made_at_ms=self.clock.now_ms,
                source=ComplaintSource.CARRIER,
                recipient="",
                reference=f"C-{number}",
                actor="chief",
            )

    def lift(self) -> None:
        self.notifier.sms_months.ledger.lift(self.notifier.channels["sms"], "the rule was mended", actor="chief")

    def settle(self, channel: str, outcome: AttemptOutcome) -> None:
        parcel = self.notifier.outbox.claim(self.notifier.channels[channel])
        assert isinstance(parcel, Parcel)
        self.notifier.outbox.settle(self.notifier.channels[channel], parcel.parcel_id, outcome)

    def channels(self, message: Message) -> set[str]:
        entries = self.notifier.outbox_page().entries
        return {each.channel for each in entries if each.message is not None and each.message.id == message.id}

    def noted(self) -> list[dict[str, str]]:
        page = reversed(self.audit.page(limit=100))
        return [json.loads(each.detail) for each in page if each.action == "notify.fallback"]

    def status(self, message: Message) -> NoticeStatus | None:
        return self.delivery.statuses([message.id], self.delivery.outages()).get(message.id)


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    return Roster(tmp_path)


def test_an_alarm_of_a_suspended_channel_goes_by_the_next_and_counts_as_sent_only_when_that_has_it(
    roster: Roster,
) -> None:
    roster.suspend()
    alarm = own.message(1)
    assert roster.delivery.outages() == {"sms": Outage.SUSPENDED}
    assert roster.delivery.fallback_of("sms") == "duty"
    roster.delivery.deliver(alarm, ["sms"])
    assert roster.channels(alarm) == {"sms", "duty"}
    assert roster.noted() == [{"message": alarm.id, "channel": "sms", "fallback": "duty", "cause": "suspended"}]
    assert roster.status(alarm) is NoticeStatus.PENDING
    roster.settle("duty", TAKEN)
    assert roster.status(alarm) is NoticeStatus.SENT
    assert roster.delivery.follow_up() == 0
    roster.delivery.deliver(alarm, ["sms"])
    assert roster.channels(alarm) == {"sms", "duty"}
    assert len(roster.noted()) == 2, "each hand-over is noted, and sends nothing twice"


def test_what_waits_when_its_channel_is_suspended_goes_by_the_next(roster: Roster) -> None:
    alarm, other = own.message(1), own.message(2, id="order-2-assigned")
    roster.delivery.deliver(alarm, ["sms"])
    roster.notifier.deliver(other, "sms")
    assert roster.delivery.follow_up() == 0
    roster.clock.now_ms += 60_000
    roster.suspend()
    assert roster.status(alarm) is NoticeStatus.UNSENT
    assert roster.delivery.follow_up() == 1
    assert (roster.channels(alarm), roster.channels(other)) == ({"sms", "duty"}, {"sms"})
    assert roster.delivery.follow_up() == 0


def test_with_no_channel_that_sends_an_alarm_is_unsent_until_one_does(roster: Roster) -> None:
    alone = roster.over(["sms"])
    roster.suspend()
    alarm = own.message(1)
    alone.deliver(alarm, ["sms"])
    assert alone.fallback_of("sms") is None
    assert alone.follow_up() == 0
    assert alone.statuses([alarm.id], alone.outages()) == {alarm.id: NoticeStatus.UNSENT}
    roster.lift()
    assert alone.statuses([alarm.id], alone.outages()) == {alarm.id: NoticeStatus.PENDING}


@pytest.mark.parametrize(
    "fail",
    [
        pytest.param(lambda roster: roster.settle("sms", REFUSED), id="refused"),
        pytest.param(lambda roster: roster.settle("sms", NOT_TAKEN), id="not taken for long"),
        pytest.param(lambda _: None, id="not handed over for long"),
    ],
)
def test_an_alarm_of_a_channel_that_fails_goes_by_the_next_and_so_on_to_the_last(
    roster: Roster, fail: Callable[[Roster], None]
) -> None:
    alarm = own.message(1)
    roster.delivery.deliver(alarm, ["sms"])
    assert roster.delivery.follow_up() == 0
    fail(roster)
    roster.clock.now_ms += LATE_MS
    assert roster.delivery.follow_up() == 1
    assert roster.channels(alarm) == {"sms", "duty"}
    roster.settle("duty", REFUSED)
    assert roster.delivery.follow_up() == 1
    assert roster.channels(alarm) == {"sms", "duty", "chief"}
    roster.settle("chief", REFUSED)
    roster.clock.now_ms += WINDOW_MS
    roster.notifier.outbox.claim(roster.notifier.channels["sms"])
    assert roster.delivery.follow_up() == 0
    assert roster.status(alarm) is NoticeStatus.UNSENT


def test_a_full_channel_holds_up_no_alarm(roster: Roster) -> None:
    for number in (1, 2):
        roster.delivery.deliver(own.message(number), ["sms"])
    third = own.message(3)
    roster.delivery.deliver(third, ["sms"])
    assert roster.channels(third) == {"duty"}
    assert roster.noted()[-1]["cause"] == "full"
    roster.delivery.deliver(own.message(4), ["sms", "duty"])
    assert roster.noted()[-1] == {"message": "alarm-4", "channel": "sms", "fallback": "duty", "cause": "full"}
    alone = roster.over(["sms"])
    with pytest.raises(OutboxFullError):
        alone.deliver(own.message(5), ["sms"])


def test_a_stand_in_that_is_full_is_passed_over(roster: Roster) -> None:
    roster.suspend()
    for number in (1, 2, 3):
        roster.notifier.deliver(own.message(number, id=f"order-{number}"), "duty")
    alarms = [own.message(4), own.message(5)]
    roster.delivery.deliver(alarms[0], ["sms"])
    roster.notifier.deliver(alarms[1], "sms")
    assert roster.delivery.follow_up() == 1
    assert [roster.channels(alarm) for alarm in alarms] == [{"sms", "chief"}] * 2


def test_what_got_stuck_more_than_an_hour_ago_is_left_alone(roster: Roster) -> None:
    alarm = own.message(1)
    roster.notifier.deliver(alarm, "duty")
    roster.settle("duty", REFUSED)
    roster.clock.now_ms += WINDOW_MS + 1
    assert roster.delivery.follow_up() == 0
    roster.clock.now_ms -= 1
    assert roster.delivery.follow_up() == 1
