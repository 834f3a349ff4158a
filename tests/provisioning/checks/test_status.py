"""`status`: how everybody stands, and a warning for each thing that needs a hand, before it is too late."""

from pathlib import Path

import pytest

from provisioning.checks import status
from provisioning.contracts.fleet.documents import Configured, Verdict
from provisioning.home import documents
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.pki.identities import SERVICES
from tests.support.office import DAY_MS, Clock, Technician, enrol, new_home

AGENT = "cabinet-7"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Home:
    made = new_home(tmp_path / "home", clock)
    made.register.add_agent(AGENT, "north")
    return made


def says(home: Home, verdict: Verdict, cause: str = "", *, number: int | None = 1, active: int | None = 1) -> None:
    word = Configured(agent_id=AGENT, number=number, verdict=verdict, cause=cause, active=active, at_ms=1)
    home.plans.put_configured(AGENT, word.model_dump_json())


def warnings(home: Home) -> list[str]:
    return list(status.show(home).facts["warnings"])


def agent(answer: CommandResult) -> dict[str, object]:
    return dict(answer.facts["agents"][0])


def test_a_new_home_has_nothing_to_warn_of(home: Home) -> None:
    answer = status.show(home)
    assert answer.code == 0
    assert answer.facts["warnings"] == []
    assert [each["id"] for each in answer.facts["sites"]] == ["north"]
    assert [(each["name"], each["days"]) for each in answer.facts["certificates"]] == [
        ("authority agents", 3650),
        ("authority services", 3650),
        *((name, 730) for name in SERVICES),
    ]
    assert [(each["days"], each["revoked"]) for each in answer.facts["revocation_lists"]] == [(30, 0), (730, 0)]


def test_an_agent_from_pending_to_revoked(home: Home, clock: Clock) -> None:
    assert agent(status.show(home))["membership"] == "pending"
    home.plans.put_cameras(AGENT, [CameraRecord(AGENT, "c", "", "rtsp://h/1", None, None, None, None)], replace=False)
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    said = agent(status.show(home))
    assert (said["membership"], said["certificate_days"], said["cameras"]) == ("enrolled", 90, 1)
    assert (said["configuration"], said["judged"], said["verdict"], said["active"]) == (1, None, None, None)
    says(home, Verdict.APPLIED)
    said = agent(status.show(home))
    assert (said["judged"], said["verdict"], said["active"]) == (1, "applied", 1)
    clock.now_ms += DAY_MS
    home.revoke(AGENT, "stolen")
    said = agent(status.show(home))
    assert (said["membership"], said["since_ms"], said["certificate_days"]) == ("revoked", clock.now_ms, None)
    assert status.show(home).facts["revocation_lists"][0]["revoked"] == 1


SEND = f"the corrected list: wayside-provision cameras import {AGENT} FILE"


@pytest.mark.parametrize(
    ("verdict", "number", "said"),
    [
        (Verdict.ROLLED_BACK, 1, f"configuration 1 was rolled back: gate-1 fell; {SEND}"),
        (Verdict.REFUSED, None, f"configuration unreadable was refused: gate-1 fell; {SEND}"),
        (Verdict.APPLIED, 1, "configuration 1: gate-1 fell"),
        (Verdict.TRYING, 1, None),
    ],
)
def test_a_configuration_that_was_not_taken_or_kept_with_a_cause_is_a_warning(
    home: Home, verdict: Verdict, number: int | None, said: str | None
) -> None:
    enrol(home, AGENT)
    says(home, verdict, "gate-1 fell", number=number)
    assert warnings(home) == ([] if said is None else [f"agent {AGENT}: {said}"])


def test_a_code_that_expired_unused_is_a_warning(home: Home, clock: Clock) -> None:
    home.register.new_code(AGENT, DAY_MS)
    assert warnings(home) == []
    clock.now_ms += DAY_MS + 1
    assert warnings(home) == [f"agent {AGENT}: its code has expired unused; another: wayside-provision bundle {AGENT}"]


def test_an_agents_certificate_near_its_end_is_a_warning(home: Home, clock: Clock) -> None:
    enrol(home, AGENT)
    clock.now_ms += 60 * DAY_MS
    home.publish_revocations()
    assert warnings(home) == []
    clock.now_ms += DAY_MS
    assert [each for each in warnings(home) if f"agent {AGENT}: its certificate ends in 29 days" in each]
    clock.now_ms += 30 * DAY_MS
    assert [each for each in warnings(home) if f"agent {AGENT}: its certificate has ended" in each]


def test_of_a_revoked_agent_nothing_is_a_warning(home: Home) -> None:
    enrol(home, AGENT)
    says(home, Verdict.ROLLED_BACK)
    assert len(warnings(home)) == 1
    home.revoke(AGENT, "gone")
    assert warnings(home) == []


def test_a_list_near_its_end_is_a_warning(home: Home, clock: Clock) -> None:
    clock.now_ms += 23 * DAY_MS
    assert warnings(home) == []
    clock.now_ms += DAY_MS
    assert [each.partition(";")[0] for each in warnings(home)] == ["revocation list of agents ends in 6 days"]
    clock.now_ms += 10 * DAY_MS
    assert [each.partition(";")[0] for each in warnings(home)] == ["revocation list of agents has ended"]


def test_a_services_certificate_near_its_end_is_a_warning(home: Home, clock: Clock) -> None:
    clock.now_ms += 701 * DAY_MS
    home.publish_revocations()
    assert sorted(each.partition(" ends")[0] for each in warnings(home)) == [
        "broker", "center", "cluster", "enrolment", "evidence", "provisioning", "timestamp",
    ]  # fmt: skip


def test_what_cannot_be_read_is_a_warning_and_not_the_end(home: Home) -> None:
    home.identities.identity("cluster").cert_file.write_text("damaged")
    home.identities.identity("center").cert_file.unlink()  # it may be with the centre
    home.identities.agents.crl_file.write_text("damaged")
    home.plans.put_configured(AGENT, '{"version": 2}')
    said = warnings(home)
    assert [each for each in said if each.startswith("cluster: ") and "issue it again" in each]
    assert [each for each in said if each.startswith("revocation list of agents: ")]
    assert len(said) == 2


def test_an_authoritys_key_in_a_safe_is_no_fault(home: Home) -> None:
    home.identities.services.key_file.unlink()
    answer = status.show(home)
    assert answer.facts["services_key_is_here"] is False
    assert answer.facts["warnings"] == []


def test_what_an_agent_says_does_not_steer_the_terminal(home: Home) -> None:
    enrol(home, AGENT)
    says(home, Verdict.REFUSED, "\x1b[2Jgone\rwarning: [red]none[/red]")
    done = Technician(home.directory).types("status")
    assert done.exit_code == 0
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert "[red]none[/red]" in done.stdout
