"""`secrets`: each process writes what it writes, and nothing secret of it is missing from the list."""

import re
import stat
from pathlib import Path

import pytest

from center import bootstrap
from center.access import second_factor
from center.database import location
from center.evidence import setup as evidence_setup
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.identity import private_pem as agent_pem
from edge_agent.remote_config.document_store import DocumentStore
from provisioning.broker import commands as broker_commands
from provisioning.checks import secret_files
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.notify import Mail, MailRecipient, Notify, Sms, SmsRecipient, Webhook
from provisioning.contracts.config.processes import (
    Broker,
    Camera,
    CenterConfig,
    EdgeConfig,
    Evidence,
    Provisioning,
    RtspSource,
    Spool,
)
from provisioning.errors import HomeError
from provisioning.files import durable, toml
from provisioning.home import documents
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.signing.documents import SealKey, SecretsKey, encrypt_password
from ray_cluster.node.environment import ensure_secret
from tests.support.office import Box, Technician, enrol, new_home

AGENT = "cabinet-7"

NOT_SECRET = {
    "home.toml", "edge.toml", "cluster.toml", "center.toml", "agent.toml",  # name files of secrets, hold none
    "seal.pub", "audit.pub",  # 64 hex digits, and public
    "mosquitto.conf", "agents.acl", "services.acl", "agents.crl", "services.crl",  # rendered; certificates' serials
    "owner.json", "enrol.lock",  # which agent it is; empty
}  # fmt: skip


class Installation:
    """Home, box, cluster and centre in one folder, each secret written by the code that writes it in the field."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = new_home(root / "home")
        self.configs: list[Path] = []
        self._box()
        self._cluster()
        self._center()

    def _broker(self, name: str) -> Broker:
        identity = self.home.identities.identity(name)
        return Broker(
            host="10.0.0.5",
            port=8884,
            ca_file=identity.ca_file,
            cert_file=identity.cert_file,
            key_file=identity.key_file,
        )

    def _box(self) -> None:
        folder = AgentFolder(self.root / "box")
        folder.prepare()
        box = Box()
        box.secrets = folder.secrets_key()
        folder.pending_key()
        sealed = encrypt_password("geheim-7", self.home.vault.public, agent_id=AGENT, camera_id="gate-1")
        self.home.register.add_agent(AGENT, "north")
        record = CameraRecord(AGENT, "gate-1", "", "rtsp://10.0.0.9/1", "admin", sealed, None, None)
        self.home.plans.put_cameras(AGENT, [record], replace=False)
        made = enrol(self.home, AGENT, box)
        folder.put(folder.identity, made.pem.encode() + agent_pem(box.key))
        folder.put(folder.seal, self.home.seal_key.seal.key.encode(), durable.PUBLIC)
        documents.bring_up_to_date(self.home)
        store = DocumentStore(folder.path / "documents", folder.seal, AGENT)
        store.prepare()
        stored = self.home.plans.newest_document(AGENT)
        assert stored is not None
        store.keep(stored.number, stored.sealed.encode())
        store.commit(store.load(now_ms=1))
        password = durable.write(self.root / "gate-2.password", b"geheim-8")
        config = EdgeConfig(
            agent_id=AGENT,
            broker=Broker(
                host="10.0.0.5", ca_file=folder.services_ca, cert_file=folder.identity, key_file=folder.identity
            ),
            models_dir=self.root / "models",
            spool=Spool(directory=self.root / "spool"),
            provisioning=Provisioning(
                host="10.0.0.5",
                seal_key_file=folder.seal,
                secrets_key_file=folder.secrets,
                documents_dir=folder.path / "documents",
            ),
            cameras=(
                Camera(
                    id="gate-2",
                    source=RtspSource(url="rtsp://10.0.0.9/2", username="admin", password_file=password),
                ),
            ),
        )
        self.configs.append(toml.write(self.root / "edge.toml", config))

    def _cluster(self) -> None:
        config = ClusterConfig(
            broker=self._broker("cluster"),
            models_dir=self.root / "models",
            archive_dir=self.root / "archive",
            auth_token_file=self.root / "cluster" / "ray-token",
            query_token_file=self.root / "cluster" / "query-token",
        )
        for token in (config.auth_token_file, config.query_token_file):
            ensure_secret(token)
        self.configs.append(toml.write(self.root / "cluster.toml", config))

    def _evidence(self) -> Evidence:
        signing, stamping = (self.home.identities.identity(name) for name in ("evidence", "timestamp"))
        return Evidence(
            ca_file=signing.ca_file,
            signing_cert_file=signing.cert_file,
            signing_key_file=signing.key_file,
            stamp_cert_file=stamping.cert_file,
            stamp_key_file=stamping.key_file,
        )

    def _center(self) -> None:
        config = CenterConfig(
            host="0.0.0.0",
            broker=self._broker("center"),
            query_token_file=self.root / "cluster" / "query-token",
            data_dir=self.root / "center",
            audit_key_file=self.root / "audit.key",
            tls_cert_file=self.root / "console.crt",
            tls_key_file=durable.write(self.root / "console.key", agent_pem(Box().key)),
            notify=self._notify(),
            evidence=self._evidence(),
        )
        SealKey.create(self.root / "audit.key")
        records = bootstrap.open_records(config)
        records.auth.prepare_setup()
        records.second_factors._key()
        records.store.close()
        (config.data_dir / location.DATABASE).chmod(0o600)  # the command's umask does that
        self.configs.append(toml.write(self.root / "center.toml", config))

    def _notify(self) -> Notify:
        def secret(name: str) -> Path:
            return durable.write(self.root / name, b"geheim-9")

        return Notify(
            webhooks=(Webhook(id="desk", url="https://desk.example/", key_file=secret("desk.key")),),
            mails=(
                Mail(
                    id="mail",
                    host="relay.example",
                    username="wayside",
                    password_file=secret("mail.password"),
                    sender="wayside@county.example",
                    recipients=(MailRecipient(name="officer", address="officer@county.example"),),
                ),
            ),
            sms=(
                Sms(
                    id="sms",
                    url="https://mas.example/sms",
                    ec_name="x",
                    ap_id="x",
                    secret_key_file=secret("mas.key"),
                    sign="X",
                    signature="x",
                    recipients=(SmsRecipient(name="duty", mobile="13800138000"),),
                    report_secret_file=secret("report.secret"),
                    report_sources=("192.0.2.77",),
                ),
            ),
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(tmp_path_factory.mktemp("installation"))
    broker_commands.render(made.home)
    durable.write(made.home.directory / "broker" / "data" / "mosquitto.db", b"retained")
    return made


def secret_looking(root: Path) -> set[Path]:
    """What its mode or its content gives away."""
    found = set()
    for path in root.rglob("*"):
        if not path.is_file() or path.name in NOT_SECRET:
            continue
        data = path.read_bytes()
        is_closed = not stat.S_IMODE(path.stat().st_mode) & 0o077
        if is_closed or b"PRIVATE KEY" in data or re.fullmatch(rb"\s*[0-9a-f]{20,64}\s*", data):
            found.add(path)
    return found


def test_every_file_that_looks_like_a_secret_is_listed(installation: Installation) -> None:
    listed = {each.file for each in secret_files.find(installation.home.directory, installation.configs)}
    found = secret_looking(installation.root)
    assert len(found) >= 20
    assert found - listed == set()


def test_every_secret_that_is_there_was_found_and_has_its_mode(installation: Installation) -> None:
    listed = list(secret_files.find(installation.home.directory, installation.configs))
    there = {each.file for each in listed if each.mode is not None and each.file.is_file()}
    assert there == secret_looking(installation.root)
    assert [each.file for each in listed if each.is_wrong] == []
    assert all(each.rotation for each in listed if each.expected == 0o600)


def test_a_file_of_two_processes_is_one_secret(installation: Installation) -> None:
    listed = list(secret_files.find(installation.home.directory, installation.configs))
    assert len({each.file for each in listed}) == len(listed)
    holders = {each.file.name: each.holder for each in listed}
    assert holders["query-token"].startswith("cluster (")
    assert "centre (" in holders["query-token"]
    assert {each.what for each in listed if each.file.name == "cluster.key"} == {
        "is cluster, and names the intake's shared group"
    }
    for key in ("center.key", "evidence.key", "timestamp.key"):
        assert holders[key].startswith("home, centre (")


def test_its_names_are_those_of_the_processes(tmp_path: Path) -> None:
    assert (secret_files.CENTER_DATABASE, secret_files.SETUP_CODE, secret_files.SECOND_FACTOR_KEY) == (
        location.DATABASE,
        bootstrap.SETUP_CODE,
        second_factor.KEY,
    )
    assert AgentFolder(tmp_path).pending.name == secret_files.PENDING_KEY
    assert secret_files.EVIDENCE_FOLDER == evidence_setup.FOLDER


def test_a_mode_that_lets_others_in_is_marked(tmp_path: Path) -> None:
    technician = Technician(tmp_path / "home")
    technician.sets_up()
    assert technician.asks("secrets")["wrong"] == []
    wrong = {"authority/agents.key": 0o640, "identities/cluster.key": 0o604, "seal": 0o750, "seal/seal.key": 0o660}
    for name, mode in wrong.items():
        (technician.directory / name).chmod(mode)
    done = technician.asks("secrets", code=1)
    assert set(done["wrong"]) == {str(technician.directory / name) for name in wrong}
    shown = technician.types("secrets")
    assert shown.exit_code == 1
    assert f"WRONG: chmod 600 {technician.directory / 'seal/seal.key'}" in shown.stdout
    stricter = technician.directory / "identities/center.key"
    stricter.chmod(0o400)
    assert str(stricter) not in technician.asks("secrets", code=1)["wrong"]


def test_no_secret_is_in_the_list_itself(installation: Installation) -> None:
    words: list[str | Path] = ["secrets"]
    for config in installation.configs:
        words += ["--config", config]
    technician = Technician(installation.home.directory)
    done = technician.types(*words).output + technician.types(*words, "--json").output
    for path in secret_looking(installation.root):
        data = path.read_bytes()
        if data.startswith(b"SQLite") or path.suffix == ".json":
            continue
        for line in filter(lambda line: len(line) > 6 and b"---" not in line, data.splitlines()):
            assert line.decode("utf-8", "replace") not in done or path.name == "mosquitto.db"


def test_on_a_machine_without_a_home_configurations_are_enough(installation: Installation, tmp_path: Path) -> None:
    nowhere = {"WAYSIDE_HOME": str(tmp_path / "none")}
    technician = Technician(tmp_path)
    done = technician.types("secrets", "--config", installation.configs[1], "--json", home=False, env=nowhere)
    assert done.exit_code == 0, done.output
    assert "ray-token" in done.stdout
    assert "authority" not in done.stdout
    assert technician.types("secrets", home=False, env=nowhere).exit_code == 2
    assert "no home here" in Technician(tmp_path / "none").refused("secrets", "--config", installation.configs[1])


@pytest.mark.parametrize("content", [None, "", "x = 1", "no toml"])
def test_what_is_no_configuration_is_one_line(installation: Installation, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "what.toml"
    if content is not None:
        file.write_text(content)
    said = Technician(installation.home.directory).refused("secrets", "--config", file)
    assert "what.toml" in said


def test_a_vault_that_nobody_opens_is_still_listed(tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    SecretsKey.create(home.directory / "seal" / "vault.key")
    (home.directory / "seal" / "vault.key").chmod(0o644)
    with pytest.raises(HomeError, match="chmod 600"):
        Home.open(home.directory)
    assert [each.file.name for each in secret_files.find(home.directory, ()) if each.is_wrong] == ["vault.key"]
