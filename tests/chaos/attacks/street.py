"""The demo's whole street under attack, seen from outside: rows, alarms, what health says, and the books at the end."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.processes import EdgeConfig, load, read_secret
from provisioning.contracts.query.archive import ArchiveStatus, IntakeStatus
from provisioning.demo import ledger, process_table, site_plan
from provisioning.demo.centre import ListedObservation
from provisioning.demo.children import Children
from provisioning.demo.ledger import LedgerCounts
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import DemoFolder
from provisioning.demo.street import Street
from provisioning.demo.web import WebClient, WebError
from provisioning.errors import DemoError
from provisioning.pki.identities import Identity

CAPTURED: Final = "captured"
"""The agent whose cabinet was opened."""
PATIENCE_S: Final = 300.0
"""For a machine with much else to do: nothing here is a race."""
_POLL_S: Final = 0.5
_PARSER: Final = b"ray::ServeReplica:wayside:parser"
_RULE: Final = {"name": "any machine in the north", "cameras": [f"{site_plan.AGENT}/north"], "window_s": 1}


@dataclass(frozen=True, slots=True)
class Flow:
    """How many there are so far."""

    rows: Counter[str]
    """Of the street's own cameras, each."""
    alarms: int


class Attacked:
    """A whole street that runs, and the identity of one more agent of its site."""

    def __init__(self, state: DemoFolder, children: Children, models_dir: Path, narrator: Narrator) -> None:
        self.street = Street(state, children, models_dir, narrator, with_device=True)
        self.children = children
        self.narrator = narrator
        self._state = state
        self._folder = state.folder("secrets") / CAPTURED

    def start(self) -> None:
        """Start every process, wait for a row of every camera, and switch an alarm rule on.

        Raises:
            DemoError: a process dies, or something does not come.
        """
        street = self.street
        street.start(street.prepare())
        self.until("the centre answers", street.try_to_enter)
        self.until("the first row is served", street.has_rows)
        self._switch_rule_on()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        street.office.add_agent(CAPTURED, self._folder)
        self.until("each camera has a row", lambda: set(self.flow().rows) >= set(street.cameras))
        self.until("an alarm is raised", lambda: self.flow().alarms)

    def _switch_rule_on(self) -> None:
        """Make a rule that many pictures of one camera match, but not so many that the centre refuses it."""
        site = self.street.centre.site
        for width in (1.0, 0.6, 0.4, 0.25, 0.1):
            zone = {"kind": "zone_entry", "polygon": [[0, 0], [width, 0], [width, 1], [0, 1]]}
            rule = json.loads(site.post("/api/rules", {**_RULE, "what": zone}))
            path = f"/api/rules/{rule['id']}"
            site.post(f"{path}/versions/{rule['version']}/preview", {})
            try:
                site.post(f"{path}/on", {"version": rule["version"], "unseen": True})
            except WebError as error:
                if "rule_too_broad" not in str(error):
                    raise
            else:
                return
        raise DemoError("every rule on machines of the north was refused as too broad")

    @property
    def identity(self) -> Identity:
        """What lies in the captured cabinet."""
        broker = load(EdgeConfig, self._folder / "agent.toml").broker
        return Identity(CAPTURED, broker.ca_file, broker.cert_file, broker.key_file)

    # --- what is seen of it

    def observations(self) -> list[ListedObservation]:
        """Rows of the street's own cameras, newest first; those of the captured agent are its own business."""
        return [seen for seen in self.street.centre.observations() if seen.camera_id in self.street.cameras]

    def flow(self) -> Flow:
        """Rows and alarms so far."""
        alarms = self.street.centre.site.get_json("/api/alarms", [("limit", 1)])["items"]
        return Flow(Counter(seen.camera_id for seen in self.observations()), alarms[0]["id"] if alarms else 0)

    def goes_on(self, since: Flow) -> str:
        """Wait until each camera has another row and the rule another alarm; say how many more there are.

        Raises:
            DemoError: they do not come.
        """

        def more() -> bool:
            now = self.flow()
            return now.alarms > since.alarms and all(now.rows[each] > since.rows[each] for each in self.street.cameras)

        self.until("each camera has another row, and the rule another alarm", more)
        now = self.flow()
        rows = ", ".join(f"{each} {now.rows[each] - since.rows[each]}" for each in sorted(self.street.cameras))
        return f"rows {rows}; alarms {now.alarms - since.alarms}"

    def intake(self) -> IntakeStatus:
        """What the intake counts, by the answer of `query`."""
        return IntakeStatus.model_validate(self._query().get_json("/intake"))

    def cluster_health(self) -> dict[str, Any]:
        """What `query` answers to anybody who asks for `/health`, also where that is 503."""
        try:
            answer = self._query().get_json("/health")
        except WebError as error:
            answer = {"status": str(error)}
        return dict(answer)

    def centre_health(self) -> dict[str, Any]:
        """The centre's whole report."""
        return dict(self.street.centre.site.get_json("/api/health/details"))

    def alarms_listed(self) -> int:
        """How many alarms the centre lists, of the newest 200."""
        return len(self.street.centre.site.get_json("/api/alarms", [("limit", 200)])["items"])

    def archive_status(self) -> ArchiveStatus:
        """The archive's own count, with its alarms."""
        return self.street.archive_status()

    def kill_parsers(self) -> set[int]:
        """Kill each replica of the parser that is there now. Returns their process ids."""
        ours = process_table.descendants(process_table.read(), os.getpid())
        parsers = {pid for pid in ours if _title(pid).startswith(_PARSER)}
        for pid in parsers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return parsers

    def sip(self) -> tuple[str, int]:
        """Where devices register."""
        return site_plan.HOST, self.street.office.sip_port()

    # --- waiting

    def until(self, what: str, done: Callable[[], object]) -> float:
        """Wait for it. Returns the seconds that it took.

        Raises:
            DemoError: it does not come, or a process that should run has ended.
        """
        began_s = time.monotonic()
        while not done():
            if time.monotonic() > began_s + PATIENCE_S:
                raise DemoError(f"waited {PATIENCE_S:.0f} s in vain until {what}; see the logs in {self.street.logs}")
            self.children.pause(_POLL_S)
        return time.monotonic() - began_s

    # --- the end

    def close_books(self) -> list[str]:
        """Stop the cameras, let the spool empty itself, and count. Returns what does not add up, a line each."""
        street = self.street
        street.stop_cameras()
        self.until("nothing of the street is in flight", lambda: not street.agent_ledger().in_flight)
        everything, own = list(street.centre.observations()), self.observations()
        archive = street.archive_status()
        foreign = len(everything) - len(own)
        books = LedgerCounts(
            agent=street.agent_ledger(),
            archive=archive.model_copy(
                update={"rows": archive.rows - foreign, "distinct_ids": archive.distinct_ids - foreign}
            ),
            api_keys=[seen.row_key for seen in own],
            api_rows=Counter(seen.camera_id for seen in own),
        )
        self.narrator.say(
            f"books: selected {books.agent.selected}, archived {books.agent.archived}, rejected {books.agent.rejected},"
            f" dropped {books.agent.dropped or 0}, lost {books.lost}, twice {books.duplicates};"
            f" {foreign} rows of the captured agent beside them"
        )
        return ledger.faults(books, tuple(street.cameras))

    def _query(self) -> WebClient:
        token = read_secret(self._state.secret("query-token"))
        return WebClient(f"http://{site_plan.HOST}:{self.street.ports.query}", token=token)


def _title(pid: int) -> bytes:
    """What a process calls itself; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
