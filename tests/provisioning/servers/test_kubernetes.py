"""The Secrets of the Helm chart: what each pod needs of a home, and nothing that changes by itself."""

from pathlib import Path

import pytest
from cryptography import x509

from provisioning.contracts.config.processes import read_secret
from provisioning.errors import ClusterPlanError
from provisioning.files import private_copies
from provisioning.home import backup
from provisioning.home.home import Home, HomeConfig
from provisioning.pki.identities import BROKER
from provisioning.servers.kubernetes import HOME_BACKUP, render


def home_in(folder: Path, **given: str) -> Home:
    config = HomeConfig(name="county", host="way.example", services_listen="0.0.0.0", account="wayside", **given)
    return Home.create(folder, config)


def test_secrets_bring_a_home_and_its_services_into_other_pods_and_stay_as_they_are(tmp_path: Path) -> None:
    home = home_in(tmp_path / "home", services_host="wayside-home")
    out = tmp_path / "out"
    render(home, out, "console.example")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    render(home, out, "console.example")
    changed = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert changed <= {HOME_BACKUP, "console.pem"}
    names = {folder.name: {file.name for file in folder.iterdir()} for folder in out.iterdir()}
    assert names == {
        "wayside-home": {HOME_BACKUP},
        "wayside-cluster": {"ca.pem", "cluster.pem", "cluster.key", "query-token"},
        "wayside-center": {
            "ca.pem", "center.pem", "center.key", "seal.pub", "query-token", "console.pem", "console.key"
        },
        "wayside-ray": {"auth_token"},
    }  # fmt: skip
    broker = home.identities.certificate(BROKER)
    hosts = broker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "wayside-home" in hosts.get_values_for_type(x509.DNSName)

    # As a Secret's volume has them: readable by the group, beside Kubernetes' own links.
    mounted, copies = out / "wayside-center", tmp_path / "copies"
    copies.mkdir()
    (mounted / "..data").mkdir()
    (mounted / "query-token").chmod(0o640)
    assert private_copies.main([str(mounted), str(copies)]) == 0
    assert {file.name for file in copies.iterdir()} == names["wayside-center"]
    assert read_secret(copies / "query-token") == (out / "wayside-cluster" / "query-token").read_text()
    assert private_copies.main([str(tmp_path / "absent"), str(copies)]) == 2

    restored = tmp_path / "volume" / "home"
    for _ in range(2):
        backup.restore(out / "wayside-home" / HOME_BACKUP, restored, if_absent=True)
    assert Home.open(restored).config == home.config


def test_a_home_that_other_pods_cannot_reach_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterPlanError, match="--services-host"):
        render(home_in(tmp_path / "home"), tmp_path / "out", "console.example")
