"""A county whose pictures lie in an object store: what its plan renders, what is refused, and how `check` tries it.

county.toml with [pack_store] ──render──▶ section, key, authority, way there ──check──▶ S3 server
"""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.checks import secret_files
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import load
from provisioning.contracts.errors import ConfigError
from provisioning.errors import ClusterPlanError
from provisioning.home.home import Home
from provisioning.servers.check import Manifest, compare
from provisioning.servers.cluster_files import ETC
from provisioning.servers.machine import ServerMachine
from provisioning.servers.pack_store import AUTHORITY, KEY
from provisioning.servers.plan import read
from provisioning.servers.render import render
from provisioning.servers.tree import MANIFEST
from tests.support.county import GOLDEN, NAMES, files, rendered
from tests.support.http_server import HOST
from tests.support.object_store import BUCKET, Store, running_store
from tests.support.ports import free_port

SECRET = "s3-secret-of-the-county"
KEY_TEXT = f"[default]\naws_access_key_id = county\naws_secret_access_key = {SECRET}\n"
SECTION = {
    "endpoint": "https://10.2.0.20:9000",
    "bucket": "pictures",
    "prefix": "county/archive",
    "credentials_file": "pack-store",
    "ca_file": "store-ca.pem",
}
USERS = ("archiver", "keeper")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return rendered(tmp_path_factory.mktemp("county"))[0]


@pytest.fixture
def county(tmp_path: Path, home: Home) -> Path:
    """The golden plan with a store, beside the files that it names."""
    (tmp_path / "pack-store").write_text(KEY_TEXT)
    (tmp_path / "pack-store").chmod(0o600)
    shutil.copy(home.identities.services.ca_file, tmp_path / "store-ca.pem")
    return planned(tmp_path, SECTION)


def planned(folder: Path, section: dict[str, Any]) -> Path:
    path = folder / "county.toml"
    lines = "".join(f"{name} = {value!r}\n".replace("'", '"') for name, value in section.items())
    path.write_text((GOLDEN / "county.toml").read_text(encoding="utf-8") + f"\n[pack_store]\n{lines}", encoding="utf-8")
    return path


def test_every_server_knows_the_store_and_its_users_alone_have_the_key_and_the_way(
    home: Home, county: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    render(home, read(county), out)
    for name in NAMES:
        under = out / name
        store = load(ClusterConfig, under / ETC[1:] / "cluster.toml").pack_store
        assert store is not None
        assert (store.endpoint, store.bucket, store.prefix) == ("https://10.2.0.20:9000", "pictures", "county/archive")
        assert (str(store.credentials_file), str(store.ca_file)) == (KEY, AUTHORITY)
        holding = {path for path, content in files(under).items() if SECRET.encode() in content}
        assert holding == ({KEY} if name in USERS else set())
        unit = (under / "etc/systemd/system/wayside-cluster.service").read_text()
        (allowed,) = re.findall(r"^IPAddressAllow=(.*)$", unit, re.MULTILINE)
        assert ("10.2.0.20" in allowed.split()) is (name in USERS)
        described = {
            each.path: each for each in Manifest.model_validate_json((under / MANIFEST[1:]).read_bytes()).files
        }
        if name in USERS:
            key = described[KEY]
            assert (key.mode, key.owner, key.sha256) == (0o600, "wayside-cluster", None)
            assert described[AUTHORITY].mode == 0o644
        else:
            assert {KEY, AUTHORITY} & set(described) == set()
    listed = {each.file for each in secret_files.find(None, [out])}
    assert {out / name / KEY[1:] for name in USERS} <= listed
    before = files(out)
    render(home, read(county), out)
    assert files(out) == before


def test_the_section_in_the_manual_can_be_rendered(home: Home, county: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/servers.md").read_text(encoding="utf-8")
    (block,) = [each for each in page.split("```\n") if each.startswith("[pack_store]")]
    (tmp_path / "secrets").mkdir()
    shutil.copy(county.parent / "pack-store", tmp_path / "secrets")
    shutil.copy(county.parent / "store-ca.pem", tmp_path / "secrets")
    golden = (GOLDEN / "county.toml").read_text(encoding="utf-8")
    county.write_text(f"{golden}\n{block}", encoding="utf-8")
    render(home, read(county), tmp_path / "out")
    assert SECRET in (tmp_path / "out/keeper" / KEY[1:]).read_text()


def test_a_store_with_a_name_is_reached_at_the_addresses_of_the_plan(home: Home, county: Path, tmp_path: Path) -> None:
    named = {**SECTION, "endpoint": "https://s3.county.example", "addresses": ["10.2.9.0/28", "10.2.0.21"]}
    del named["ca_file"]
    render(home, read(planned(county.parent, named)), tmp_path / "out")
    unit = (tmp_path / "out/keeper/etc/systemd/system/wayside-cluster.service").read_text()
    assert "10.2.9.0/28 10.2.0.21/32" in unit
    assert not (tmp_path / "out/keeper" / AUTHORITY[1:]).exists()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"endpoint": "https://s3.county.example"}, r"pack_store: .*addresses: give those of s3\.county\.example"),
        ({"endpoint": "http://127.0.0.1:9000"}, "is another machine on each of archiver, keeper; give the store's own"),
        ({"endpoint": "http://10.2.0.20:9000"}, r"pack_store\.endpoint: .*https"),
        ({"bucket": "Pictures"}, r"pack_store\.bucket: "),
        ({"prefix": "/archive"}, r"pack_store\.prefix: "),
        ({"secret": "x"}, r"pack_store\.secret: there is no such key"),
        ({"credentials_file": "nowhere"}, r"pack_store\.credentials_file: .*nowhere: the secret cannot be read"),
        ({"ca_file": "nowhere.pem"}, r"pack_store\.ca_file: .*nowhere\.pem: cannot be read .*; correct it"),
        ({"ca_file": "pack-store"}, r"pack_store\.ca_file: .*no certificate in PEM; give the authority"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_place_and_remedy(
    home: Home, county: Path, tmp_path: Path, changes: dict[str, str], named: str
) -> None:
    path = planned(county.parent, {**SECTION, **changes})
    with pytest.raises((ConfigError, ClusterPlanError), match=named) as refused:
        render(home, read(path), tmp_path / "out")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda file: file.chmod(0o644), "run: chmod 600"),
        (lambda file: file.write_text(f"aws_secret_access_key = {SECRET}\n"), "needs .default. with aws_access_key_id"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_before_it_is_on_a_server(
    home: Home, county: Path, tmp_path: Path, spoil: Callable[[Path], Any], named: str
) -> None:
    spoil(county.parent / "pack-store")
    with pytest.raises(ClusterPlanError, match=named) as refused:
        render(home, read(county), tmp_path / "out")
    assert SECRET not in str(refused.value)


# --- the check


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


class Keeper:
    """A folder that is the keeper of a plan, with the cluster's program of this checkout and a store on loopback."""

    def __init__(self, root: Path, home: Home, county: Path, endpoint: str) -> None:
        render(home, read(county), root.parent / "out")
        shutil.copytree(root.parent / "out/keeper", root)
        self.machine = ServerMachine(root)
        self.manifest = Manifest.model_validate_json(self.machine.read(MANIFEST))
        (root / "opt/wayside/bin").mkdir(parents=True)
        (root / "opt/wayside/bin/wayside-cluster").symlink_to(Path(sys.executable).parent / "wayside-cluster")
        configuration = root / ETC[1:] / "cluster.toml"
        text = (
            configuration.read_text().replace("https://10.2.0.20:9000", endpoint).replace(f'"{KEY}"', f'"{root}{KEY}"')
        )
        text = text.replace(f'ca_file = "{AUTHORITY}"\n', "").replace('"/var/lib/', f'"{root}/var/lib/')
        configuration.write_text(text)

    def said(self) -> str:
        self.machine.is_whole = True
        (found,) = [each for each in compare(self.manifest, self.machine) if each.what == "pack store"]
        return found.line("DIFF")


def test_the_check_tries_the_store_with_the_key_of_the_machine(
    home: Home, county: Path, tmp_path: Path, store: Store
) -> None:
    keeper = Keeper(tmp_path / "keeper", home, county, store.endpoint)
    assert "answers" in keeper.said()
    assert "DIFF" not in keeper.said()
    (tmp_path / "keeper" / KEY[1:]).write_text("[default]\n")
    assert "DIFF" in keeper.said()
    assert "needs [default] with aws_access_key_id" in keeper.said()


def test_the_check_names_a_store_that_is_away_and_a_key_that_is_refused(
    home: Home, county: Path, tmp_path: Path
) -> None:
    away = Keeper(tmp_path / "away" / "keeper", home, county, f"http://{HOST}:{free_port()}")
    assert re.search(rf"/{BUCKET}: cannot be read now \(.*\); check the store and the way to it", away.said())
    with running_store(tmp_path) as guarded:
        denied = Keeper(tmp_path / "denied" / "keeper", home, county, guarded.endpoint)
        guarded.check_keys()
        assert "check credentials_file, and which rights its key has in the bucket" in denied.said()


def test_the_check_of_one_who_may_not_read_the_key_says_so(
    home: Home, county: Path, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(tmp_path / "keeper", home, county, store.endpoint)
    monkeypatch.setattr("os.geteuid", lambda: 65534)
    assert "not looked at: run this as root" in keeper.said()
