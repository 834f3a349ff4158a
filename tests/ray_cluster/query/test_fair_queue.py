"""The fair queue: each account's turn comes within a round, and what is given up frees its place."""

from collections import Counter
from itertools import count

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ray_cluster.query.fair_queue import FairQueue

SLOTS, PLACES = 2, 12
ACCOUNTS = st.sampled_from("abcde")


@given(st.dictionaries(ACCOUNTS, st.integers(1, 30), min_size=1), st.randoms(use_true_random=False))
def test_no_account_starts_twice_before_each_other_that_waits_has_started_once(
    asked: dict[str, int], dice: object
) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(slots=1, places=1000)
    requests = [(account, number) for account, many in asked.items() for number in range(many)]
    dice.shuffle(requests)  # type: ignore[attr-defined]
    for request in requests:
        assert queue.add(request[0], request) is None
    left, passed = Counter(asked), Counter[str]()
    while (started := queue.start()) is not None:
        queue.end()
        account = started[0]
        left[account] -= 1
        passed[account] = 0
        for other in (each for each, many in left.items() if many and each != account):
            passed[other] += 1
            assert passed[other] < len(asked)
    assert not left.total()


class Lane(RuleBasedStateMachine):
    """A lane as it is used: accounts ask, leave and are served in any order, beside a model that is a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: FairQueue[int] = FairQueue(slots=SLOTS, places=PLACES)
        self.waiting: dict[int, str] = {}
        self.passed: Counter[int] = Counter()
        """Starts of other accounts since a request became its account's oldest one."""
        self.numbers = count()

    def oldest(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for request, account in self.waiting.items():
            found.setdefault(account, request)
        return found

    @rule(account=ACCOUNTS)
    def ask(self, account: str) -> None:
        request = next(self.numbers)
        self.waiting[request] = account
        lost = self.queue.add(account, request)
        assert (lost is None) == (len(self.waiting) <= PLACES)
        if lost is not None:
            most = Counter(self.waiting.values())
            assert most[self.waiting[lost]] == max(most.values())
            del self.waiting[lost]

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(list(self.waiting)))
        assert self.queue.drop(request)
        assert not self.queue.drop(request)
        del self.waiting[request]

    @rule()
    def start(self) -> None:
        oldest, could = self.oldest(), self.queue.at_work < SLOTS
        request = self.queue.start()
        assert (request is not None) == (could and bool(oldest))
        if request is None:
            return
        account = self.waiting.pop(request)
        assert oldest[account] == request
        for other, waits in oldest.items():
            if other != account:
                self.passed[waits] += 1
                assert self.passed[waits] < 5  # one start of each of the four other accounts

    @precondition(lambda self: self.queue.at_work)
    @rule()
    def end(self) -> None:
        self.queue.end()

    @invariant()
    def agrees(self) -> None:
        assert self.queue.waiting == len(self.waiting) <= PLACES
        assert 0 <= self.queue.at_work <= SLOTS


TestLane = Lane.TestCase
