"""Pytest plugin: writes down what the tests of each file took, and tells at the end what was deselected, by mark.

Under `--until=S` no test begins once the monotonic clock stands at S seconds: those that are left are told, too.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from xdist.workermanage import WorkerController

HEAVY = ("losses", "e2e", "ray", "network")
"""Marks of tests that start a cluster or a browser, or need the registries."""
SECONDS = "wayside/seconds"
"""Name in pytest's cache: a file of tests, and what those took that are not heavy."""

_deselected: Counter[str] = Counter()
_too_late: Counter[str] = Counter()
"""File → tests that did not begin."""
_took_s: defaultdict[str, float] = defaultdict(float)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--until", type=float, metavar="S", help="begin no test after S seconds of the monotonic clock")


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        marks = [name for name in HEAVY if item.get_closest_marker(name)]
        _deselected[marks[0] if marks else "by name"] += 1


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Passes over a test for which there is no time left."""
    until_s = item.config.getoption("until")
    if until_s is None or time.monotonic() <= until_s:
        return None
    _too_late[item.nodeid.partition("::")[0]] += 1
    return True


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not any(name in report.keywords for name in HEAVY):
        _took_s[report.nodeid.partition("::")[0]] += report.duration


def pytest_testnodedown(node: WorkerController, error: object) -> None:
    """Takes the counts of one worker: each has collected the same tests, and run others."""
    if not error:
        _deselected.update(Counter(node.workeroutput["deselected"]) - _deselected)
        _too_late.update(node.workeroutput["too_late"])


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["deselected"] = dict(_deselected)
        session.config.workeroutput["too_late"] = dict(_too_late)
        return
    cache = session.config.cache
    if cache is not None and _took_s:
        before = cache.get(SECONDS, {})
        # A busy machine makes all of them longer: what was shorter before weighs as much.
        took_s = {file: min(s, (s + before.get(file, s)) / 2) for file, s in _took_s.items()}
        cache.set(SECONDS, before | {file: round(s, 2) for file, s in took_s.items()})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _deselected:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(_deselected.items()))
        terminalreporter.write_line(f"{_deselected.total()} tests of these files were deselected: {counts}")
    if _too_late:
        files = ", ".join(f"{file} {count}" for file, count in sorted(_too_late.items()))
        terminalreporter.write_line(f"the time was over before these began: {files}")
