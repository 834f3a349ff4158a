"""Files that the containers of one machine start from: made once, closed to others, and no key of the home among it."""

import stat
from pathlib import Path

import pytest
from cryptography import x509

from provisioning.cli.containers import prepare
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.errors import ClusterPlanError, HomeError
from provisioning.home.home import Home

PLACES = ("etc/wayside-center", "etc/wayside-cluster", "var/lib/wayside-demo")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    prepare(_home(tmp_path), "county.example", "cluster", tmp_path, demo=True)
    return tmp_path


def _home(root: Path) -> Path:
    return root / "var/lib/wayside-home/home"


def _handed(root: Path) -> dict[Path, bytes]:
    files = [file for place in PLACES for file in (root / place).rglob("*") if file.is_file()]
    return {file.relative_to(root): file.read_bytes() for file in files}


def test_centre_and_cluster_find_the_broker_and_one_another_by_name(root: Path) -> None:
    center = load(CenterConfig, root / "etc/wayside-center/center.toml")
    cluster = load(ClusterConfig, root / "etc/wayside-cluster/cluster.toml")
    assert (center.broker.host, cluster.broker.host) == ("county.example", "county.example")
    assert center.query_url == f"http://cluster:{cluster.query_port}"
    assert center.host == cluster.query_host == "0.0.0.0"
    for folder, config in (("center", center), ("cluster", cluster)):
        named = [config.broker.ca_file, config.broker.cert_file, config.broker.key_file, config.query_token_file]
        assert all((root / file.relative_to("/")).exists() for file in named), folder


def test_a_configuration_comes_after_all_that_it_names(root: Path) -> None:
    for service in ("center", "cluster"):
        folder = root / f"etc/wayside-{service}"
        config = (folder / f"{service}.toml").stat().st_mtime_ns
        assert config >= max(file.stat().st_mtime_ns for file in (folder / "secrets").iterdir()), service


def test_a_second_start_changes_nothing_of_what_a_person_wrote_and_no_secret(root: Path) -> None:
    file = root / "etc/wayside-center/center.toml"
    file.write_text(file.read_text() + "\n[wall]\nturn_s = 20\n")
    before = _handed(root)
    prepare(_home(root), "county.example", "cluster", root, demo=True)
    assert _handed(root) == before
    with pytest.raises(HomeError, match=r"county\.example and not other\.example"):
        prepare(_home(root), "other.example", "cluster", root, demo=True)


def test_secrets_are_closed_and_the_home_hands_on_no_key_that_signs(root: Path) -> None:
    handed = _handed(root)
    for name, data in handed.items():
        is_secret = b"PRIVATE KEY" in data or name.name.endswith(("token", "password", "bundle", "csv"))
        assert stat.S_IMODE((root / name).stat().st_mode) == (0o600 if is_secret else 0o644), name
    home = Home.open(_home(root))
    signing = [
        home.identities.agents.key_file,
        home.identities.services.key_file,
        *(_home(root) / "seal").glob("*.key"),
    ]
    assert len(signing) == 4
    for key in signing:
        assert all(key.read_bytes().strip() not in data for data in handed.values()), key


def test_the_consoles_certificate_is_for_the_host_and_for_loopback(root: Path) -> None:
    file = root / "etc/wayside-center/secrets/console.pem"
    certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"county.example", "localhost"}
    assert {str(each) for each in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}


def test_a_host_by_which_each_container_would_reach_itself_is_refused_and_no_home_is_made(tmp_path: Path) -> None:
    with pytest.raises(ClusterPlanError, match="the container itself"):
        prepare(_home(tmp_path), "localhost", "cluster", tmp_path, demo=True)
    assert list(tmp_path.iterdir()) == []
