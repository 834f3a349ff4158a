"""One folder makes an agent an agent: it is made whole or not at all, opened by its owner, and interrupted safely."""

import getpass
import stat
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from provisioning.errors import AuthorityError, HomeError, RegisterError
from provisioning.files import durable
from provisioning.home.home import Home, HomeConfig, default_directory
from provisioning.pki.authority import public_bytes
from provisioning.signing.documents import open_bundle
from tests.support.office import DAY_MS, START_MS, Clock, enrol, new_home

AGENT = "cabinet-7"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Home:
    return new_home(tmp_path / "home", clock)


def serials(home: Home) -> set[str]:
    return {str(each.serial) for each in home.identities.agents.revocations()}


def test_everything_in_it_is_its_owners_alone_but_what_is_public(home: Home) -> None:
    modes = {
        str(path.relative_to(home.directory)): stat.S_IMODE(path.stat().st_mode) for path in home.directory.rglob("*")
    }
    public = {name for name, mode in modes.items() if mode == 0o644}
    assert all(name.endswith((".crt", ".crl", ".pub")) for name in public)
    assert {mode for name, mode in modes.items() if name not in public} == {0o600, 0o700}
    assert stat.S_IMODE(home.directory.stat().st_mode) == 0o700


def test_it_is_found_again_as_it_was_made(home: Home) -> None:
    again = Home.open(home.directory)
    assert again.config == home.config
    assert again.seal_key.seal.key == home.seal_key.seal.key
    assert again.vault.public == home.vault.public
    assert again.pin() == home.pin()
    assert [site.id for site in again.register.sites()] == ["north"]


def test_the_pin_is_that_of_the_enrolment_services_key(home: Home) -> None:
    key = home.identities.certificate("enrolment").public_key()
    assert home.pin() == sha256(public_bytes(key)).hexdigest()
    home.identities.issue("enrolment", home.config.hosts)
    assert Home.open(home.directory).pin() == home.pin()


def test_a_home_is_never_made_over_another_or_among_other_things(home: Home, tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="there is a home here already"):
        Home.create(home.directory, home.config)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.odt").touch()
    with pytest.raises(HomeError, match=r"holds thesis\.odt"):
        Home.create(tmp_path / "used", home.config)
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match="choose another"):
        Home.create(tmp_path / "file" / "home", home.config)


def test_where_there_is_none_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="wayside-provision init") as none:
        Home.open(tmp_path / "none")
    assert "--home DIR or WAYSIDE_HOME" in str(none.value), "one that was made elsewhere is to be named"
    (tmp_path / "empty").mkdir(mode=0o700)
    with pytest.raises(HomeError, match=r"home\.toml is missing"):
        Home.open(tmp_path / "empty")


@pytest.mark.parametrize("name", ["home.toml", "seal/seal.key", "seal/vault.key", "authority/agents.crt"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"damaged"])
def test_a_damaged_part_is_named(home: Home, name: str, content: bytes) -> None:
    durable.write(home.directory / name, content)
    with pytest.raises((HomeError, AuthorityError), match=Path(name).name):
        Home.open(home.directory)


@pytest.mark.parametrize(
    "given",
    [
        {"host": "a b"},
        {"host": ""},
        {"listen": "0.0.0.0\nuser root"},
        {"services_listen": "x y"},
        {"account": "root\nlistener 1"},
        {"name": "County"},
        {"agents_port": 0},
    ],
)
def test_what_would_break_a_rendered_file_is_no_home(given: dict[str, object]) -> None:
    good = {"name": "county", "host": "10.0.0.5", "account": getpass.getuser()}
    HomeConfig.model_validate(good)
    with pytest.raises(ValueError, match="1 validation error"):
        HomeConfig.model_validate(good | given)


def test_the_servers_are_certified_for_every_name_they_are_reached_by() -> None:
    config = HomeConfig(name="county", host="gate.example", services_listen="10.1.0.5", account="root")
    assert config.hosts == ("gate.example", "10.1.0.5", "localhost", "127.0.0.1", "::1")
    assert HomeConfig(name="c", host="localhost", account="root").hosts == ("localhost", "127.0.0.1", "::1")


def test_the_folder_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WAYSIDE_HOME", str(tmp_path / "a"))
    assert default_directory() == tmp_path / "a"
    monkeypatch.delenv("WAYSIDE_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_directory() == tmp_path / "wayside-home"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")  # to be ignored, says the XDG specification
    assert default_directory().is_absolute()


def test_a_bundle_says_where_to_go_and_what_to_compare(home: Home) -> None:
    home.register.add_agent(AGENT, "north")
    line, bundle = home.bundle(AGENT, timedelta(hours=72))
    assert open_bundle(line) == bundle
    assert (bundle.host, bundle.port, bundle.pin) == ("10.0.0.5", 8843, home.pin())
    assert (bundle.site_id, bundle.agent_id) == ("north", AGENT)
    assert bundle.expires_at_ms == START_MS + 3 * DAY_MS
    assert bundle.seal_key == home.seal_key.seal.key
    assert home.register.code_stands(bundle.code, AGENT)


def test_the_next_bundle_ends_the_one_before(home: Home) -> None:
    home.register.add_agent(AGENT, "north")
    first, second = (home.bundle(AGENT, timedelta(hours=1))[1] for _ in range(2))
    assert not home.register.code_stands(first.code, AGENT)
    assert home.register.code_stands(second.code, AGENT)


def test_a_revoked_agent_gets_no_bundle(home: Home) -> None:
    home.register.add_agent(AGENT, "north")
    home.revoke(AGENT, "stolen")
    with pytest.raises(RegisterError, match="--again"):
        home.bundle(AGENT, timedelta(hours=1))


def test_revoking_puts_every_certificate_of_the_agent_on_the_list(home: Home) -> None:
    first, second = enrol(home, AGENT), enrol(home, AGENT)
    other = enrol(home, "cabinet-8")
    assert home.revoke(AGENT, "stolen") == [second.serial]  # the first was superseded before
    assert serials(home) == {first.serial, second.serial}
    assert other.serial not in serials(home)


def test_a_revocation_that_was_interrupted_before_the_list_is_made_good(home: Home) -> None:
    serial = enrol(home, AGENT).serial
    home.register.revoke(AGENT, "stolen")
    assert serials(home) == set()
    assert home.revoke(AGENT, "stolen") == []
    assert serials(home) == {serial}


def test_a_second_revocation_writes_nothing(home: Home) -> None:
    enrol(home, AGENT)
    home.revoke(AGENT, "stolen")
    before = home.identities.agents.crl_file.read_bytes()
    home.revoke(AGENT, "stolen")
    assert home.identities.agents.crl_file.read_bytes() == before


def test_a_certificate_that_has_ended_leaves_the_list(home: Home, clock: Clock) -> None:
    enrol(home, AGENT)
    home.revoke(AGENT, "stolen")
    clock.now_ms += 91 * DAY_MS
    home.publish_revocations()
    assert serials(home) == set()


def test_without_the_authoritys_key_the_revocation_stands_and_the_list_is_written_when_it_is_back(
    home: Home, tmp_path: Path
) -> None:
    serial = enrol(home, AGENT).serial
    key = home.identities.agents.key_file
    key.rename(tmp_path / "safe")
    with pytest.raises(AuthorityError, match="not here"):
        home.revoke(AGENT, "stolen")
    assert [each.serial for each in home.register.revoked()] == [serial]
    (tmp_path / "safe").rename(key)
    home.revoke(AGENT, "stolen")
    assert serials(home) == {serial}


def test_a_replaced_service_has_another_key_and_its_certificate_is_on_the_list(home: Home) -> None:
    identity = home.identities.identity("cluster")
    key, old = identity.key_file.read_bytes(), home.identities.certificate("cluster")
    assert home.replace_service("cluster") == old
    assert identity.key_file.read_bytes() != key
    assert [each.serial for each in home.identities.services.revocations()] == [old.serial_number]


def test_an_interrupted_replacement_is_finished_by_the_next(home: Home) -> None:
    old = home.identities.certificate("cluster")
    home.identities.identity("cluster").key_file.unlink()
    home.replace_service("cluster")
    assert old.serial_number in {each.serial for each in home.identities.services.revocations()}
    home.identities.identity("cluster").cert_file.unlink()
    assert home.replace_service("cluster") is None
    assert home.identities.certificate("cluster").serial_number != old.serial_number


def test_an_agents_certificate_is_as_the_register_keeps_it(home: Home, clock: Clock) -> None:
    made = enrol(home, AGENT)
    assert home.register.certificates(AGENT) == [made]
    assert made.ends_at_ms == clock.now_ms + 90 * DAY_MS
    assert int(made.serial).bit_length() > 63  # more than an SQLite integer holds
