"""What every test shares: a peer or model that is missing skips its test, and fails it where peers are required."""

import gc
import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

for size in ("COLUMNS", "LINES"):
    os.environ.pop(size, None)  # readline leaves them to xdist's workers; a rich.Console made then would keep them
# No verdict of hypothesis by wall time, and a fixture may serve all examples of a test. The parent is `ci` in CI.
settings.register_profile(
    "wayside",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("wayside")
pytest_plugins = ("tests.support.records", "tests.support.timer", "tests.support.workers")
REQUIRED = os.environ.get("REQUIRE_PEERS") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Searches for no garbage while thousands of tests are collected, and never among them: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under REQUIRE_PEERS=1 a test marked `peer`, `e2e`, `ray` or `network`, or with real models, fails if it skips.

    One marked `unpackaged` too does not: its peer is in no registry.
    """
    report = yield
    needs_peer = any(item.get_closest_marker(name) for name in ("peer", "e2e", "ray", "network"))
    needs_models = isinstance(item, pytest.Function) and "catalog" in item.fixturenames
    is_to_be_had = item.get_closest_marker("unpackaged") is None and (needs_peer or needs_models)
    if REQUIRED and is_to_be_had and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_PEERS=1, but {item.nodeid} was skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that counts what did not run for want of a peer."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} tests skipped for want of a peer or device; see the reasons above")
