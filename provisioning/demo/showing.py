"""Shows the street: until the user ends it, or for a number of seconds with a report at the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provisioning.demo import district, history, process_table, report
from provisioning.demo.children import Children, InterruptedDemoError
from provisioning.demo.furnishing import Furnishing
from provisioning.demo.ledger import LedgerCounts
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import DemoFolder
from provisioning.demo.street import Street
from provisioning.demo.web import WebError
from provisioning.errors import DemoError

_POLL_S: Final = 0.2
_NEWS_S: Final = 60.0
_STEP_S: Final = 1.0
_DONE: Final = object()
_FIRST_S: Final = 180.0
_DRAIN_S: Final = 75.0
"""Over twice the agent's resend interval: even messages that were lost once on the way have ended by then."""
_DRAIN_POLL_S: Final = 1.0
INTERRUPTED: Final = 130
BROKEN_PROMISE: Final = 1


@dataclass(frozen=True)
class DemoOptions:
    """Options of the `demo` command."""

    state_dir: Path
    models_dir: Path
    keep: bool
    """Continue with the data that an earlier showing archived."""
    seconds: float | None
    """Length of the showing; None: until Ctrl-C."""
    report_dir: Path | None
    gb28181: bool = False
    """Add a third camera, whose device registers by GB/T 28181."""


def show(wish: DemoOptions, narrator: Narrator) -> int:
    """Starts the street, shows it, and ends every process of it. Returns the exit code.

    0: everything adds up, or it ran until the user ended it. 1: the counts do not add up. 130: ended early.

    Raises:
        DemoError: it could not be started, or a process died.
    """
    with DemoFolder(wish.state_dir, keep=wish.keep) as state:
        try:
            with Children(state.folder("log")) as children:
                street = Street(
                    state,
                    children,
                    wish.models_dir,
                    narrator,
                    with_device=wish.gb28181,
                    planned=district.FURNISHED if wish.seconds is None else district.MEASURED,
                    plays_crossing=wish.seconds is None,
                )
                return _Showing(wish, street, children, narrator, state).run()
        except InterruptedDemoError:
            return 0 if wish.seconds is None else INTERRUPTED
        finally:
            narrator.say(f"every process is ended; logs and data are in {state.directory}")


class _Showing:
    def __init__(
        self, wish: DemoOptions, street: Street, children: Children, narrator: Narrator, state: DemoFolder
    ) -> None:
        self._state = state
        self._wish = wish
        self._street = street
        self._children = children
        self._narrator = narrator
        self._seconds: dict[str, float] = {}

    def run(self) -> int:
        films = self._street.prepare()
        self._seconds["preparing"] = self._narrator.seconds
        self._street.start(films)
        self._await_first()
        if self._wish.seconds is None:
            self._go_on()
        self._children.pause(self._wish.seconds or 0.0)
        return self._account()

    def _await_first(self) -> None:
        """Waits for the first snapshot, console, cluster and row, in any order."""
        street = self._street
        awaited: dict[str, tuple[str, Callable[[], bool]]] = {
            "to_first_snapshot": ("first redacted snapshot", street.has_snapshot),
            "to_console": ("centre answers", street.try_to_enter),
            "to_cluster": ("cluster is ready", street.cluster_is_up),
            "to_first_row": ("first row archived, and served by the centre's API", street.has_rows),
        }
        until_s = self._narrator.seconds + _FIRST_S
        while awaited:
            for name in [name for name, (_, happened) in awaited.items() if happened()]:
                text, _ = awaited.pop(name)
                self._seconds[name] = self._narrator.seconds
                self._narrator.say(text)
            if self._narrator.seconds > until_s:
                missing = " and ".join(text for text, _ in awaited.values())
                raise DemoError(f"waited {_FIRST_S:.0f} s in vain for: {missing}; see the logs in {street.logs}")
            self._children.pause(_POLL_S)

    def _go_on(self) -> None:
        """Goes on until the user ends it. Furnishes the centre and replays earlier hours beside the live street."""
        self._narrator.say("running; Ctrl-C ends every process")
        self._street.open_mill()
        furnishing = Furnishing(self._state, self._street.centre, self._narrator.say)
        errands = {"furnishing": furnishing.enter(), "history": self._history()}
        news_s = self._narrator.seconds + _NEWS_S
        while True:
            for name, errand in list(errands.items()):
                try:
                    if next(errand, _DONE) is _DONE:
                        del errands[name]
                except WebError as error:
                    del errands[name]
                    self._narrator.say(f"{name} ends here, the street goes on: {error}")
            self._children.pause(_STEP_S)
            if self._narrator.seconds >= news_s:
                news_s += _NEWS_S
                status = self._street.archive_status()
                counted = f"{status.rows} snapshots and {status.objects} machines archived, {status.leaks} leaks"
                self._narrator.say(counted)

    def _history(self) -> Iterator[None]:
        if self._wish.keep:
            return
        while not self._street.office.desk_is_up():
            yield
        recordings = history.plan(datetime.now(UTC).astimezone())
        mill, films = self._street.office.mill_file, self._wish.models_dir
        yield from history.replay(self._children, mill, films, recordings, self._narrator.say)

    def _account(self) -> int:
        members = self._children.members()
        memory = {name: process_table.weigh(pids) for name, pids in members.items()}
        self._seconds["shown"] = self._wish.seconds or 0.0
        account = self._drained(memory)
        summary = account.summary()
        self._narrator.say(
            f"{summary['rows']} rows, {summary['leaks']} leaks, {summary['lost']} lost,"
            f" {summary['duplicates']} duplicates; seen: {_counted(summary['classes'])}"
        )
        if self._wish.report_dir is not None:
            title = f"Wayside demo: {summary['rows']} rows of {len(self._street.cameras)} cameras"
            report.write(self._wish.report_dir, account, self._street.centre, title)
            self._narrator.say(f"report: {self._wish.report_dir / report.SUMMARY} and {report.SHEET}")
        for fault in account.faults():
            self._narrator.say(f"does not hold: {fault}")
        return BROKEN_PROMISE if account.faults() else 0

    def _drained(self, memory: dict[str, process_table.Weight]) -> report.ShowingReport:
        """Stops the cameras, lets the spool empty itself, and counts."""
        self._street.stop_cameras()
        self._narrator.say("cameras are off; waiting for the spool to drain")
        until_s = self._narrator.seconds + _DRAIN_S
        agent = self._street.agent_ledger()
        while agent.in_flight and self._narrator.seconds < until_s:
            self._children.pause(_DRAIN_POLL_S)
            agent = self._street.agent_ledger()
        archive = self._street.archive_status()
        observations = list(self._street.centre.observations())
        counts = LedgerCounts(
            agent=agent,
            archive=archive,
            api_keys=[seen.row_key for seen in observations],
            api_rows=Counter(seen.camera_id for seen in observations),
        )
        return report.ShowingReport(counts, observations, self._street.cameras, self._seconds, memory)


def _counted(classes: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in classes.items()) or "no machine"
