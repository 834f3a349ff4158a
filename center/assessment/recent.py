"""Caches reports for pages that poll: computed once for all of them, and half a minute old at most."""

import threading
from collections import OrderedDict
from typing import Final

from center.access.permissions import EVERYWHERE, Scope
from center.assessment.assessor import Assessor
from center.assessment.judged import Judged
from center.clock import NowMs

FRESH_MS: Final = 30_000
PERIODS: Final = 8


class Recent:
    """Cache of judged periods. Blocks: call it from a worker thread."""

    def __init__(self, assessor: Assessor, now_ms: NowMs) -> None:
        self._assessor = assessor
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, Judged]] = OrderedDict()

    def judged(self, period: str, sight: Scope) -> Judged:
        """Returns one period, judged for the cameras in sight.

        Raises:
            BadPeriodError: the text is no period.
            StoreUnavailableError: the database does not work.
        """
        with self._lock:
            at_ms, whole = self._kept.get(period, (None, None))
            if at_ms is None or whole is None or not 0 <= self._now_ms() - at_ms < FRESH_MS:
                whole = self._assessor.judged(period, sight=EVERYWHERE)
                self._kept[period] = (self._now_ms(), whole)
                self._kept.move_to_end(period)
                while len(self._kept) > PERIODS:
                    self._kept.popitem(last=False)
        return whole.narrowed(sight)
