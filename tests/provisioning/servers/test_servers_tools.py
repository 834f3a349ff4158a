"""Every rendered file in the hands of the tool that will read it; skipped by name where that is not installed."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from provisioning.servers import database
from tests.support.county import NAMES, files, rendered
from tests.support.exchange import listens
from tests.support.ports import free_port
from tests.support.postgres import programs
from tests.support.sslscan import AEAD_1_3, Offered, offered
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer
SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


def tool(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SBIN}")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


def accepts(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=LONG_S)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return rendered(tmp_path_factory.mktemp("county"))[1]


@pytest.mark.parametrize("name", NAMES)
def test_nft_accepts_each_firewall(out: Path, name: str) -> None:
    nft = tool("nft", "nftables")
    if subprocess.run([nft, "list", "ruleset"], capture_output=True, check=False).returncode != 0:
        pytest.skip("nft has no right to ask the kernel here")
    accepts(nft, "-c", "-f", out / name / "etc/nftables.conf")


def test_the_firewall_lets_in_what_is_open_and_nothing_else(out: Path, tmp_path: Path) -> None:
    """In a network namespace with the parser's rules: the head reaches Ray, a stranger does not."""
    nft = tool("nft", "nftables")
    script = tmp_path / "try.sh"
    script.write_text(_TRIED.format(nft=nft, rules=out / "parser/etc/nftables.conf", place=tmp_path))
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to make a network namespace here")
    done = subprocess.run(["unshare", "-rn", "sh", script], capture_output=True, text=True, check=False, timeout=LONG_S)
    if "Unknown device type" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("no veth pair here")
    assert done.stdout.splitlines() == [
        "10.2.0.5 6405 open",
        "10.2.0.7 6405 closed",
        "10.2.0.7 6400 open",
        "10.2.9.9 6400 closed",
        "10.2.0.5 5555 closed",
    ], done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_systemd_accepts_each_unit(out: Path, name: str, tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    units = [
        path for path in files(out / name) if re.fullmatch(r"/etc/systemd/system/[^/]+\.(service|timer|mount)", path)
    ]
    assert units
    for path in units:
        text = (out / name / path[1:]).read_text(encoding="utf-8")
        # Users and programs of an installed machine are not here: put something there that is.
        text = re.sub(r"(User|Group)=\S+", r"\1=daemon", re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", text))
        (tmp_path / Path(path).name).write_text(text)
    done = subprocess.run(
        [analyze, "verify", "--man=no", *(str(tmp_path / Path(path).name) for path in units)],
        capture_output=True, text=True, check=False, env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or "wayside" in line] == []


@pytest.mark.parametrize("name", NAMES)
def test_prometheus_accepts_each_configuration_and_its_rules(out: Path, name: str) -> None:
    accepts(tool("promtool", "prometheus"), "check", "config", out / name / "etc/prometheus/wayside/prometheus.yml")


def test_postgresql_lets_in_the_centre_alone_over_tls_with_its_password(out: Path) -> None:
    """Debian's server with the rendered settings, rules and set-up; paths are a folder's, the port is another."""
    found = programs()
    if found is None or os.geteuid() != 0:
        pytest.skip("postgresql is not installed, or this is not root: apt-get install postgresql")
    port = free_port()
    with _database(out / "head", found, port) as (folder, become):
        password = (out / ".secrets/database-password").read_text()
        to: dict[str, Any] = {"host": "127.0.0.1", "port": port, "dbname": "wayside", "connect_timeout": int(LONG_S)}
        with psycopg.connect(**to, user="wayside_center", password=password, sslmode="require") as connection:
            row = connection.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
            assert row == (True, "TLSv1.3")
            rules = connection.execute("SHOW password_encryption").fetchone()
            assert rules == ("scram-sha-256",)
        assert offered(port, "--starttls-psql") == Offered({"1.3": AEAD_1_3}, set())
        refusals: tuple[dict[str, Any], ...] = (
            {"user": "wayside_center", "password": password, "sslmode": "disable"},
            {"user": "wayside_center", "password": "wrong", "sslmode": "require"},
            {"user": "postgres", "password": password, "sslmode": "require"},
            {"user": "wayside_center", "password": password, "dbname": "postgres", "sslmode": "require"},
        )
        for refused in refusals:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(**{**to, **refused})
        asked = [*become, "psql", "-h", str(folder), "-p", str(port), "-Atc"]
        said = subprocess.run(
            [*asked, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'trust' OR error IS NOT NULL"],
            capture_output=True, text=True, check=True, cwd="/",
        )  # fmt: skip
        assert said.stdout.strip() == "0"
        assert password not in (folder / "log").read_text()


def test_journals_come_from_servers_of_the_plan_alone(out: Path, tmp_path: Path) -> None:
    """Debian's stunnel and systemd-journal-remote with the rendered settings, at other paths and another port."""
    stunnel, activate = tool("stunnel", "stunnel4"), tool("systemd-socket-activate", "systemd")
    etc, port, sink, kept = out / "head/etc", free_port(), tmp_path / "sink", tmp_path / "remote.journal"
    drop_in = (etc / "systemd/system/systemd-journal-remote.service.d/wayside.conf").read_text(encoding="utf-8")
    remote = drop_in.rpartition("ExecStart=")[2].replace("/var/log/journal/remote/remote.journal", str(kept)).split()
    if not Path(remote[0]).exists():
        pytest.skip("systemd-journal-remote is not installed: apt-get install systemd-journal-remote")
    settings = (etc / "wayside-servers/journals.conf").read_text(encoding="utf-8")
    for rendered_place, here in (
        ("/run/credentials/wayside-journals.service", etc / "wayside-servers/tls"),
        ("/run/wayside-journals.sock", sink),
        ("accept = ", "accept = 127.0.0.1:"),
        (":19532", f":{port}"),
    ):
        assert rendered_place in settings
        settings = settings.replace(rendered_place, str(here))
    (tmp_path / "journals.conf").write_text(settings)
    with (
        (tmp_path / "log").open("ab") as log,
        subprocess.Popen([activate, "-l", sink, *remote], stdout=log, stderr=log) as behind,
        subprocess.Popen([stunnel, tmp_path / "journals.conf"], stdout=log, stderr=log) as before,
    ):
        try:
            until(lambda: listens(port) and sink.exists())
            tls = out / "parser/etc/wayside-servers/tls"
            anybody = ssl.create_default_context(cafile=str(tls / "ca.pem"))
            anybody.check_hostname = False  # the head's certificate names its address in the plan
            with (
                socket.create_connection(("127.0.0.1", port), LONG_S) as plain,
                anybody.wrap_socket(plain) as stranger,
                pytest.raises(ssl.SSLError, match="certificate required"),
            ):
                stranger.recv(1)
            anybody.load_cert_chain(tls / "journal.pem", tls / "journal.key")
            assert _uploaded(port, anybody) == 202
            assert offered(port) == Offered({"1.3": AEAD_1_3}, set())
        finally:
            for process in (before, behind):
                process.terminate()
    words = ["journalctl", "--file", str(kept), "--output=cat", "_HOSTNAME=parser"]
    said = subprocess.run(words, capture_output=True, text=True, check=True)
    assert said.stdout == "a line of the parser\n"


def _uploaded(port: int, context: ssl.SSLContext) -> int:
    """Send a line as systemd-journal-upload does; the status."""
    line = {
        "__REALTIME_TIMESTAMP": "1790000000000000",
        "__MONOTONIC_TIMESTAMP": "1000",
        "_BOOT_ID": "0" * 31 + "1",
        "_HOSTNAME": "parser",
        "MESSAGE": "a line of the parser",
    }
    body = "".join(f"{name}={value}\n" for name, value in line.items()) + "\n"
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=LONG_S, context=context)
    try:
        connection.request("POST", "/upload", body, {"Content-Type": "application/vnd.fdo.journal"})
        return connection.getresponse().status
    finally:
        connection.close()


@contextmanager
def _database(head: Path, found: Path, port: int) -> Iterator[tuple[Path, list[str]]]:
    """Set up as docs/servers.md says; its folder, and what makes a command the user's postgres."""
    become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
    folder = Path(tempfile.mkdtemp(prefix="wayside-database-"))
    try:
        for name, path in (
            ("hba", database.HBA), ("key", database.KEY), ("pem", database.CERTIFICATE), ("sql", database.SETUP),
            ("password", database.PASSWORD),
        ):  # fmt: skip
            shutil.copy(head / path[1:], folder / name)
        sql = (
            (folder / "sql").read_text(encoding="utf-8").replace("/run/wayside-database-password", f"{folder}/password")
        )
        (folder / "sql").write_text(sql)
        for each in (folder, *folder.iterdir()):
            shutil.chown(each, "postgres", "postgres")
        data = folder / "data"
        made = [*become, str(found / "initdb"), "-D", str(data), "-U", "postgres", "--auth=reject", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder)
        ours = database.settings(f"{folder}/pem", f"{folder}/key", f"{folder}/hba")
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(f"{ours}\nport = {port}\nunix_socket_directories = '{folder}'\nfsync = off\n")
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([*become, found / "postgres", "-D", data], stdout=log, stderr=log, cwd=folder)
        try:
            ask = [*become, "psql", "-h", str(folder), "-p", str(port), "-v", "ON_ERROR_STOP=1"]
            ready = [*become, str(found / "pg_isready"), "-h", str(folder), "-p", str(port)]
            until(
                lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0, "the database listens"
            )
            done = subprocess.run([*ask, "-f", folder / "sql"], capture_output=True, text=True, check=False, cwd=folder)
            assert done.returncode == 0, done.stderr
            yield folder, become
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=LONG_S)
    finally:
        shutil.rmtree(folder)


def test_a_certificate_of_a_server_is_no_name_that_the_broker_knows(out: Path) -> None:
    openssl = tool("openssl", "openssl")
    for name, purpose in (("head", "database"), ("head", "console"), ("parser", "journal")):
        pem = out / ".secrets" / f"{name}-{purpose}.pem"
        said = subprocess.run(
            [openssl, "x509", "-noout", "-subject", "-in", pem], capture_output=True, text=True, check=True
        )
        assert f"server.{name}.{purpose}" in said.stdout
        accepts(openssl, "verify", "-CAfile", out / "head/etc/wayside-cluster/secrets/ca.pem", pem)


_TRIED = """
set -eu
cd {place}
ip link add here type veth peer name there
unshare -n sleep 300 & peer=$!
until [ "$(readlink /proc/$peer/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set there netns $peer
ip addr add 10.2.0.6/16 dev here; ip link set here up; ip link set lo up
nsenter -t $peer -n sh -c 'ip link set there up; for a in 0.5 0.7 9.9; do ip addr add 10.2.$a/16 dev there; done'
{nft} -f {rules}
python3 -c '
import socket, time
doors = [socket.create_server(("10.2.0.6", port)) for port in (6400, 6405, 5555)]
open("ready", "w").close()
time.sleep(300)' & doors=$!
until [ -e ready ]; do sleep 0.1; done
nsenter -t $peer -n python3 -c '
import socket
from concurrent.futures import ThreadPoolExecutor
def tried(pair):
    source, port = pair
    try:
        socket.create_connection(("10.2.0.6", port), 5, (source, 0)).close()
        return f"{{source}} {{port}} open"
    except TimeoutError:
        return f"{{source}} {{port}} closed"
pairs = ("10.2.0.5", 6405), ("10.2.0.7", 6405), ("10.2.0.7", 6400), ("10.2.9.9", 6400), ("10.2.0.5", 5555)
print("\\n".join(ThreadPoolExecutor().map(tried, pairs)))'
kill $peer $doors
"""
