"""Reports for pages that look again and again: computed once for all of them, and half a minute old at most."""

import threading
from collections import OrderedDict
from typing import Final

from center.assessment.assessor import Assessor
from center.assessment.report import Report
from center.clock import NowMs

FRESH_MS: Final = 30_000
PERIODS: Final = 8


class Recent:
    """Blocks: call it from a worker thread."""

    def __init__(self, assessor: Assessor, now_ms: NowMs) -> None:
        self._assessor = assessor
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, Report]] = OrderedDict()

    def report(self, period: str) -> Report:
        """Everybody, over one period.

        Raises:
            BadPeriodError: the text is no period.
            StoreUnavailableError: the database does not work.
        """
        with self._lock:
            at_ms, report = self._kept.get(period, (None, None))
            if at_ms is None or report is None or not 0 <= self._now_ms() - at_ms < FRESH_MS:
                report = self._assessor.report(period)
                self._kept[period] = (self._now_ms(), report)
                self._kept.move_to_end(period)
                while len(self._kept) > PERIODS:
                    self._kept.popitem(last=False)
            return report
