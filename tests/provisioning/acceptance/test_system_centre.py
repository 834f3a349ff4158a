"""`accept system` against a real centre: every measure that the API answers, a token without rights, odd answers."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from provisioning.acceptance.system import system
from provisioning.acceptance.system.measures import KINDS, SCOPES, Measure, Sense
from provisioning.errors import AcceptanceError
from provisioning.home.home import Home
from provisioning.net.tls import server_context
from tests.center.whole import ADMINISTRATOR, PASSWORD, Whole, whole_centre
from tests.provisioning.acceptance.contracts import contract, row
from tests.support.office import Clock, new_home
from tests.support.rude_http import Act, RudeServer

OF: Final = {
    Measure.STAGE_GREEN: "broker",
    Measure.CAMERAS_OF_KIND: "rtsp",
    Measure.CAMERAS_IN_STATE: "online",
    Measure.ASSESSMENT_RATE: "place",
}
ASKED: Final = [
    each for each in Measure if each.partition(".")[0] not in {"hardware", "licences", "document", "backup"}
]


def asks(measure: Measure) -> str:
    kind = KINDS[measure]
    wanted: float | bool = True if kind.sense is Sense.YES else {Sense.AT_LEAST: 1, Sense.AT_MOST: 10_000}[kind.sense]
    keys: dict[str, Any] = {"measure": measure, "wanted": wanted, "unit": kind.unit}
    return row(measure, **keys | ({"of": OF[measure]} if measure in OF else {}))


@dataclass(frozen=True)
class Accepting:
    """A centre, and a home beside it that has the same time."""

    whole: Whole
    home: Home
    folder: Path

    def token(self, scopes: Sequence[str]) -> Path:
        with self.whole.browser(ADMINISTRATOR) as browser:
            asked = {"name": "acceptance", "password": PASSWORD, "scopes": list(scopes)}
            made = browser.post("/api/account/tokens", json=asked).raise_for_status().json()
        file = self.folder / "token"
        file.write_text(made["token"])
        file.chmod(0o600)
        return file

    def rows(self, token: Path, url: str | None = None, measures: Sequence[Measure] = ASKED) -> dict[str, Any]:
        file = contract(self.folder / "c.toml", *(asks(each) for each in measures))
        wish = system.SystemOptions(file, self.folder / "records", url or self.whole.url, token)
        ticks = itertools.count()  # a second passes between two looks at the clock
        answer = system.accept(self.home, wish, lambda: float(next(ticks)))
        return {each["id"]: each for each in answer.facts["rows"]}


@pytest.fixture(scope="module")
def accepting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accepting]:
    folder = tmp_path_factory.mktemp("accepting")
    with whole_centre(folder / "centre") as whole:
        yield Accepting(whole, new_home(folder / "home", Clock(whole.clock())), folder)


def test_what_the_centre_knows_is_measured_and_what_it_does_not_know_is_not(accepting: Accepting) -> None:
    found = accepting.rows(accepting.token(SCOPES))
    with accepting.whole.browser(ADMINISTRATOR) as browser:
        cameras, agents, alarms, exports = (
            browser.get(f"/api/{path}").json() for path in ("cameras", "agents", "alarms", "evidence")
        )
    valued = {name: each["value"] for name, each in found.items() if each["value"] is not None}
    days = valued.pop("certificates.days_left")
    assert 700 < days < 731
    assert valued == {
        "health.ok": True,
        "audit.intact": True,
        "audit.signed": False,  # this centre has no key for it
        "cameras.registered": len(cameras),
        "cameras.online": sum(each["state"] == "online" for each in cameras),
        "cameras.of_kind": 0,
        "cameras.in_state": sum(each["state"] == "online" for each in cameras),
        "agents.online": sum(each["state"] == "online" for each in agents),
        "redaction.available": True,
        "archive.days": 1,
        "archive.oldest": 1,
        "parsing.delay": 240,
        "search.finds": True,
        "search.p95": 1000,
        "alarms.raised": len(alarms["items"]),
        "cases.kept": 0,
        "evidence.exports": len(exports),
        "notify.channels": 1,
        "cluster.nodes": 0,
        "cluster.gpus": 0,
        "tls.centre": False,
    }
    assert found["alarms.delay_p95"]["how_en"] == "only 1 alarms have a capture time, and 20 at least are needed"
    assert "nothing was counted of completeness" in found["custody.astray"]["how_en"]
    for each in found.values():
        assert (each["result"] == "not_measured") is (each["value"] is None) is (each["at_ms"] is None)


def test_a_token_without_a_right_loses_the_rows_that_need_it(accepting: Accepting) -> None:
    found = accepting.rows(accepting.token(["health.view"]))
    assert found["audit.signed"]["result"] == "not_met"
    for name, each in found.items():
        scope = KINDS[Measure(name)].scope
        if scope not in {"", "health.view"}:
            assert each["result"] == "not_measured"
            assert each["how_en"].endswith(f"lacks the scope {scope}"), name


class OddCentre(RudeServer):
    """A centre of another version: its answers are JSON."""

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        return 200, b'{"status": 5, "items": {}, "stages": [[]], "coverage": null}'


def test_odd_answers_are_rows_that_are_not_measured(accepting: Accepting) -> None:
    token = accepting.token(["health.view"])
    asked = [Measure.HEALTH_OK, Measure.STAGE_GREEN, Measure.SEARCH_FINDS, Measure.AUDIT_INTACT, Measure.CAMERAS_ONLINE]
    with OddCentre() as server:
        url = f"http://127.0.0.1:{server.port}"
        for act, said in {
            None: "in another form than this version's",
            Act.HANG_UP_AFTER: f"no answer from {url}",
            Act.GARBAGE_AFTER: "in another form than this version's",
            Act.HUGE_AFTER: "in another form than this version's",
            Act.REDIRECT: "answered with status 307",
            Act.FAULT_AFTER: "answered with status 503",
        }.items():
            server.script.extend([] if act is None else [act] * len(asked))
            found = accepting.rows(token, url, asked)
            assert {each["result"] for each in found.values()} == {"not_measured"}
            assert all(said in each["how_en"] for each in found.values()), (act, found)


def test_tls_is_what_was_agreed_and_a_stranger_is_not_believed(accepting: Accepting, tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    home = new_home(tmp_path / "home", Clock(now_ms))
    shown = home.identities.issue("enrolment", now=datetime.fromtimestamp(now_ms / 1000, UTC))
    token = accepting.token(["health.view"])
    file = contract(tmp_path / "c.toml", asks(Measure.TLS_CENTRE), asks(Measure.TLS_DAYS_LEFT))
    with OddCentre(server_context(shown.cert_file, shown.key_file)) as server:
        url = f"https://localhost:{server.port}"
        trusted = system.SystemOptions(file, tmp_path / "records", url, token, shown.ca_file)
        agreed, left = system.accept(home, trusted).facts["rows"]
        assert (agreed["value"], agreed["how_en"].endswith("TLSv1.3")) == (True, True)
        assert 700 < left["value"] < 731
        stranger = system.SystemOptions(file, tmp_path / "others", url, token)
        for each in system.accept(home, stranger).facts["rows"]:
            assert each["result"] == "not_measured"
            assert "CERTIFICATE_VERIFY_FAILED" in each["how_en"]


@pytest.mark.parametrize("url", ["http://10.0.0.9", "https://user:pw@centre", "centre", "https://centre/path", ""])
def test_a_token_is_sent_over_tls_or_to_this_machine_alone(accepting: Accepting, url: str) -> None:
    file = contract(accepting.folder / "c.toml", asks(Measure.HEALTH_OK))
    with pytest.raises(AcceptanceError, match="http to this machine alone"):
        system.accept(accepting.home, system.SystemOptions(file, accepting.folder, url, accepting.token(["wall.view"])))
