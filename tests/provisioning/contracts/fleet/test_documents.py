"""What agents and the centre are told: made again only when something changed, and readable by one agent alone."""

from pathlib import Path

import pytest

from provisioning.contracts.config.processes import RtspSource
from provisioning.contracts.fleet.documents import (
    CENTER,
    Configuration,
    Configured,
    Document,
    Membership,
    Roster,
    Verdict,
)
from provisioning.home import documents
from provisioning.home.agents import Certificate
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.signing.documents import SealError, SecretsKey, WrongAddresseeError, encrypt_password
from tests.support.office import DAY_MS, START_MS, Box, Clock, enrol, new_home

AGENT = "cabinet-7"
FIRST_ROSTER = START_MS // 1000 + 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Home:
    made = new_home(tmp_path / "home", clock)
    made.register.add_agent(AGENT, "north")
    return made


def put_camera(home: Home, camera_id: str = "gate-1", password: str | None = "geheim-7", name: str = "Gate") -> None:
    sealed = None
    if password is not None:
        sealed = encrypt_password(password, home.vault.public, agent_id=AGENT, camera_id=camera_id)
    user = None if password is None else "admin"
    record = CameraRecord(AGENT, camera_id, name, "rtsp://10.0.0.9/1", user, sealed, 31.3, 120.6)
    home.plans.put_cameras(AGENT, [record], replace=False)


def newest(home: Home, addressee: str) -> Document:
    stored = home.plans.newest_document(addressee)
    assert stored is not None
    document = home.seal_key.seal.open(stored.sealed.encode(), addressee=addressee, newer_than=0)
    assert document.number == stored.number
    return document


def configuration(home: Home) -> Configuration:
    body = newest(home, AGENT).body
    assert isinstance(body, Configuration)
    return body


def roster(home: Home) -> Roster:
    body = newest(home, CENTER).body
    assert isinstance(body, Roster)
    return body


def password(home: Home, key: SecretsKey) -> str:
    source = configuration(home).cameras[0].source
    assert isinstance(source, RtspSource)
    assert source.password_sealed is not None
    return key.decrypt(source.password_sealed, agent_id=AGENT, camera_id="gate-1")


def test_nothing_is_made_for_whom_it_could_not_be_encrypted_to(home: Home) -> None:
    put_camera(home)
    assert [each.addressee for each in documents.bring_up_to_date(home)] == [CENTER]
    assert home.plans.newest_document(AGENT) is None


def test_an_enrolled_agent_gets_its_cameras_with_passwords_for_its_key_alone(home: Home) -> None:
    put_camera(home)
    box = Box()
    enrol(home, AGENT, box)
    made = documents.bring_up_to_date(home)
    assert {each.addressee: each.number for each in made} == {AGENT: 1, CENTER: FIRST_ROSTER}
    assert password(home, box.secrets) == "geheim-7"
    with pytest.raises(SealError):
        password(home, home.vault)
    assert all("geheim-7" not in each.sealed for each in made)


def test_what_has_not_changed_is_not_signed_again(home: Home, clock: Clock) -> None:
    put_camera(home)
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    before = [home.plans.newest_document(each) for each in (AGENT, CENTER)]
    clock.now_ms += DAY_MS
    assert documents.bring_up_to_date(home) == []
    assert [home.plans.newest_document(each) for each in (AGENT, CENTER)] == before


def test_a_changed_camera_makes_the_next_number(home: Home) -> None:
    enrol(home, AGENT)
    put_camera(home)
    documents.bring_up_to_date(home)
    put_camera(home, name="North gate")
    assert [(each.addressee, each.number) for each in documents.bring_up_to_date(home)] == [(AGENT, 2)]
    assert configuration(home).cameras[0].name == "North gate"


def said(home: Home, verdict: Verdict, number: int, active: int) -> None:
    word = Configured(agent_id=AGENT, number=number, verdict=verdict, active=active, at_ms=START_MS)
    home.plans.put_configured(AGENT, word.model_dump_json())


def test_the_same_can_be_sent_again_under_a_new_number(home: Home) -> None:
    put_camera(home)
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    said(home, Verdict.ROLLED_BACK, number=1, active=1)
    made = documents.configuration(home, AGENT, again=True)
    assert made is not None
    assert made.number == 2
    assert documents.bring_up_to_date(home) == []


def test_a_home_restored_from_a_backup_is_not_behind_for_ever(home: Home, clock: Clock) -> None:
    """The agent has seen number 7, the centre a roster of yesterday, and the restored register knows of neither."""
    put_camera(home)
    enrol(home, AGENT)
    clock.now_ms += DAY_MS
    documents.bring_up_to_date(home)
    said(home, Verdict.REFUSED, number=1, active=7)
    made = documents.configuration(home, AGENT, again=True)
    assert made is not None
    assert made.number == 8
    assert newest(home, CENTER).number > FIRST_ROSTER + 100


def test_a_box_with_another_key_gets_the_passwords_for_that_one(home: Home) -> None:
    put_camera(home)
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    other = Box()
    enrol(home, AGENT, other)
    assert AGENT in [each.addressee for each in documents.bring_up_to_date(home)]
    assert password(home, other.secrets) == "geheim-7"


def test_an_agent_is_told_of_no_camera_only_after_it_had_one(home: Home) -> None:
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    assert home.plans.newest_document(AGENT) is None
    put_camera(home)
    documents.bring_up_to_date(home)
    home.plans.remove_camera(AGENT, "gate-1")
    documents.bring_up_to_date(home)
    assert newest(home, AGENT).number == 2
    assert configuration(home).cameras == ()


def test_a_revoked_agent_is_told_nothing_more(home: Home) -> None:
    put_camera(home)
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    home.revoke(AGENT, "stolen")
    put_camera(home, name="Other")
    assert [each.addressee for each in documents.bring_up_to_date(home)] == [CENTER]


def test_a_document_is_of_no_use_to_another_agent(home: Home) -> None:
    put_camera(home)
    enrol(home, AGENT)
    documents.bring_up_to_date(home)
    stored = home.plans.newest_document(AGENT)
    assert stored is not None
    with pytest.raises(WrongAddresseeError):
        home.seal_key.seal.open(stored.sealed.encode(), addressee="cabinet-8", newer_than=0)


def test_the_roster_says_how_everybody_stands(home: Home, clock: Clock) -> None:
    documents.bring_up_to_date(home)
    assert [(each.agent_id, each.membership) for each in roster(home).agents] == [(AGENT, Membership.PENDING)]
    certificate = enrol(home, AGENT)
    documents.bring_up_to_date(home)
    entry = roster(home).agents[0]
    assert (entry.membership, entry.certificate_ends_ms) == (Membership.ENROLLED, certificate.ends_at_ms)
    clock.now_ms += DAY_MS
    home.revoke(AGENT, "stolen")
    documents.bring_up_to_date(home)
    entry = roster(home).agents[0]
    assert (entry.membership, entry.since_ms) == (Membership.REVOKED, clock.now_ms)
    assert entry.certificate_ends_ms is None
    assert newest(home, CENTER).number == clock.now_ms // 1000 + 1


def test_a_renewed_certificate_is_in_the_next_roster(home: Home, clock: Clock) -> None:
    box = Box()
    first = enrol(home, AGENT, box)
    documents.bring_up_to_date(home)
    clock.now_ms += 60 * DAY_MS

    def sign() -> Certificate:
        return home.sign(AGENT, box.key.public_key())

    second = home.register.renew(first.serial, sign)
    documents.bring_up_to_date(home)
    assert roster(home).agents[0].certificate_ends_ms == second.ends_at_ms > first.ends_at_ms


def test_a_password_of_another_vault_costs_that_agent_alone(home: Home, tmp_path: Path) -> None:
    stranger = new_home(tmp_path / "other")
    enrol(home, AGENT)
    enrol(home, "cabinet-8")
    sealed = encrypt_password("geheim-7", stranger.vault.public, agent_id=AGENT, camera_id="gate-1")
    for agent, camera, stored in ((AGENT, "gate-1", sealed), ("cabinet-8", "gate-2", None)):
        user = None if stored is None else "admin"
        record = CameraRecord(agent, camera, "", "rtsp://10.0.0.9/1", user, stored, None, None)
        home.plans.put_cameras(agent, [record], replace=False)
    with pytest.raises(SealError, match=r"camera gate-1: .*import the camera again"):
        documents.bring_up_to_date(home)
    assert home.plans.newest_document(AGENT) is None
    assert (newest(home, "cabinet-8").number, newest(home, CENTER).number) == (1, FIRST_ROSTER)
