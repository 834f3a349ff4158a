"""The container images are built and run: compose.yaml shows the demo's street, and its counts add up.

```
 debootstrap ─▶ base ─▶ bin/images ─▶ podman-compose up ─▶ cameras ─▶ edge ─▶ broker ─▶ cluster ─▶ centre ─▶ browser
                                            │ each service killed: podman starts it again, nothing is lost or twice
                                            │ down, and up again: rows, agent and accounts are there
                                            └ every container: no root, no shell, nothing to write on but its volumes
```

Run with: pytest -s -m losses tests/deploy/test_containers.py. A quarter of an hour, packages from the registries, 10 GB
of /var/tmp. WAYSIDE_CONTAINERS names a folder where base and images stay for the next run.
"""

import json
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect, sync_playwright

from provisioning.contracts.query.archive import ArchiveStatus
from provisioning.demo import district
from provisioning.demo.centre import USER, Centre
from provisioning.demo.ledger import AgentLedger, LedgerCounts, faults
from tests.e2e.conftest import CHROMIUM, FLAGS, SCREEN
from tests.support.podman import Podman, podman
from tests.support.waiting import PAGE_MS, until

pytestmark = [
    pytest.mark.losses, pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(7200),
]  # fmt: skip

BASE: Final = "localhost/wayside-base"
ROLES: Final = ("edge", "center", "cluster", "provisioning", "broker")
PROGRAMS: Final = {"cluster": {"bash", "coreutils", "tini"}, "provisioning": {"mosquitto"}, "broker": {"mosquitto"}}
"""Packages of Debian's programs in an image."""
SERVICES: Final = ("broker", "provisioning", "cluster", "center", "edge")
LONG_RUNNING: Final = (*SERVICES, "cameras")
CAMERAS: Final = [camera.id for camera in district.MEASURED]
URL: Final = "https://localhost:8443"
SLOW_S: Final = 300.0
"""Ray's start in a container of a busy machine."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    named = os.environ.get("WAYSIDE_CONTAINERS")
    folder = Path(named or tempfile.mkdtemp(prefix="wayside-containers-", dir="/var/tmp"))
    folder.mkdir(exist_ok=True)
    with podman(folder) as opened:
        try:
            yield opened
        finally:
            if named is None:
                opened.tried("podman", "system", "reset", "--force")
    if named is None:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def base(engine: Podman) -> str:
    if engine.tried("podman", "image", "exists", BASE).returncode != 0:
        engine.run("bin/images", "base")
    return BASE


@pytest.fixture(scope="module")
def images(engine: Podman, base: str) -> Podman:
    print(engine.run("bin/images", BASE=base, MODELS=_models()))  # noqa: T201
    return engine


def _models() -> str:
    named = os.environ.get("WAYSIDE_MODELS")
    return named or str(Path.home() / ".cache/wayside/models")


NO_MIRROR: Final = (
    "RUN dpkg --purge --force-depends tzdata && rm -rf /etc/apt/sources.list.d"
    " && echo deb http://127.0.0.1:9/debian trixie main >/etc/apt/sources.list"
)


@pytest.mark.parametrize(
    ("variables", "step", "remedy"),
    [
        ({"BASE": "localhost:1/no-registry"}, "", "with BASE="),
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "", "with PIP_INDEX_URL="),
        ({}, NO_MIRROR, "bin/images base, then BASE=localhost/wayside-base"),
    ],
    ids=["base image", "package index", "Debian mirror"],
)
def test_a_registry_that_cannot_be_reached_is_one_line_with_its_remedy(
    engine: Podman, base: str, tmp_path: Path, variables: dict[str, str], step: str, remedy: str
) -> None:
    # A label: nothing is built on it yet.
    (tmp_path / "Containerfile").write_text(f"FROM {base}\nLABEL of={tmp_path}\n{step}\n")
    engine.run("podman", "build", "--tag", "localhost/wayside-other-base", str(tmp_path))
    given = {"BASE": "localhost/wayside-other-base", "MODELS": _models()} | variables
    done = engine.tried("bin/images", "provisioning", **given)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("images: ")
    assert remedy in line


@pytest.mark.parametrize("role", ROLES)
def test_an_image_has_no_shell_no_root_and_says_what_it_is(images: Podman, role: str) -> None:
    image = f"localhost/wayside-{role}"
    found = images.inspect(image, "--type", "image")
    assert found["User"] == "10001:10001"
    assert found["Config"]["Entrypoint"][-1].startswith("/opt/wayside/bin/wayside-")
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in found["Labels"].items()}
    assert labels["licenses"] == "Apache-2.0"
    assert labels["created"].rstrip("Z") == found["Created"].rstrip("Z")
    assert {"title", "description", "version", "revision"} <= labels.keys()
    assert found["HealthCheck" if "HealthCheck" in found else "Healthcheck"]["Test"][0] == "CMD"
    bare = ("podman", "run", "--rm", "--network=none", "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL")
    assert "Usage" in images.run(*bare, image, "--help")
    shell = images.tried(*bare, "--entrypoint=/bin/sh", image, "-c", "true")
    assert shell.returncode == 127, shell.stderr
    listed = "import os; print(*(name for each in os.environ['PATH'].split(':') for name in os.listdir(each)))"
    packages = "import os; print(*os.listdir('/var/lib/dpkg/status.d'))"
    recorded = set(images.run(*bare, "--entrypoint=/opt/wayside/bin/python", image, "-c", packages).split())
    assert recorded >= {"ca-certificates", "libc6", "libssl3t64", "python3.13-minimal", "tzdata"} | PROGRAMS.get(
        role, set()
    )
    programs = set(images.run(*bare, "--entrypoint=/opt/wayside/bin/python", image, "-c", listed).split())
    assert programs & {"sh", "dash", "busybox", "apt-get", "dpkg", "pip", "uv", "bash"} == (
        {"bash"} if role == "cluster" else set()  # Ray starts its workers by it
    )


@pytest.fixture(scope="module")
def street(images: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator["ContainerStreet"]:
    try:
        images.compose("up", "--detach")
        yield ContainerStreet(images, tmp_path_factory.mktemp("console"))
    finally:
        for name in ("setup", "home", "enrol", *LONG_RUNNING):
            print(f"--- {name}\n{images.tried('podman', 'logs', '--tail=20', _container(name)).stderr[-3000:]}")  # noqa: T201
        images.compose("down", "--volumes")


class ContainerStreet:
    """The services of compose.yaml, and the console as its administrator."""

    def __init__(self, engine: Podman, folder: Path) -> None:
        self.engine = engine
        self._code, self.password = folder / "code", folder / "password"
        self.centre = Centre(URL)

    def authority(self) -> Path:
        """Returns the certificate that the console's is signed by, in the volume of the centre's configuration."""
        name = "wayside_center-configuration"
        place = self.engine.run("podman", "volume", "inspect", "--format", "{{.Mountpoint}}", name).strip()
        return Path(place, "secrets", "ca.pem")

    def enter(self) -> None:
        """Makes the administrator, as the setup's log says, and logs in."""
        until(self.centre.is_up, "the centre answers", patience_s=SLOW_S, step_s=1.0)
        self._write(self._code, self.program("center", "setup-code", "--config", "/etc/wayside-center/center.toml"))
        self._write(self.password, "seven wet umbrellas")
        self.centre.enter(self._code, self.password)

    def log_in(self) -> None:
        """Logs in again, after the centre was away."""
        until(self.centre.is_up, "the centre answers again", patience_s=SLOW_S, step_s=1.0)
        self.centre = Centre(URL)
        self.centre.site.post("/api/login", {"username": USER, "password": self.password.read_text()})

    def program(self, service: str, *words: str) -> str:
        """Runs a service's own program in its container."""
        name = "provision" if service in {"provisioning", "broker"} else service
        return self.engine.run("podman", "exec", _container(service), f"wayside-{name}", *words)

    def rows(self) -> int:
        """Counts the rows that the API lists; 0 while the archive is not up."""
        return len(list(self.centre.observations())) if self.centre.has_rows() else 0

    def counts(self) -> LedgerCounts:
        """Stops the cameras, waits until the spool is empty, and counts at agent, archive and API."""
        self.engine.compose("stop", "cameras")
        until(self._is_drained, "the spool drains", seen=self._ledger, patience_s=SLOW_S, step_s=1.0)
        told = json.loads(self.program("cluster", "status", "--json", "--config", "/etc/wayside-cluster/cluster.toml"))
        listed = list(self.centre.observations())
        return LedgerCounts(
            agent=self._ledger(),
            archive=ArchiveStatus.model_validate(told["archive"]),
            api_keys=[row.row_key for row in listed],
            api_rows=Counter(row.camera_id for row in listed),
        )

    def _is_drained(self) -> bool:
        return self._ledger().in_flight == 0

    def _ledger(self) -> AgentLedger:
        told = self.program("edge", "ledger", "--json", "--config", "/var/lib/wayside-edge/agent.toml")
        return AgentLedger.model_validate_json(told)

    @staticmethod
    def _write(file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)


def _container(service: str) -> str:
    return f"wayside_{service}_1"


def test_compose_shows_the_street_and_its_counts_add_up_over_kills_and_a_restart(
    street: ContainerStreet, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: street.authority().exists(), "the setup has run", patience_s=SLOW_S, step_s=1.0)
    monkeypatch.setenv("SSL_CERT_FILE", str(street.authority()))
    street.centre = Centre(URL)  # its certificate is compared from here on
    street.enter()
    _are_healthy(street.engine)
    until(lambda: street.rows() >= 6, "rows are archived", seen=street.rows, patience_s=SLOW_S, step_s=1.0)
    for service in SERVICES:
        _is_hardened(street.engine, service)
    _shows_a_picture(street)
    before = street.counts()
    print(before)  # noqa: T201
    assert faults(before, CAMERAS) == []
    assert (before.lost, before.duplicates) == (0, 0)

    street.engine.compose("start", "cameras")
    for service in LONG_RUNNING:
        _come_back_when_killed(street.engine, service)
    _come_back_when_killed(street.engine, "broker", "provisioning")
    killed = _counts_more(street, before)

    street.engine.compose("down")
    street.engine.compose("up", "--detach")
    _are_healthy(street.engine)
    _counts_more(street, killed)


def _come_back_when_killed(engine: Podman, *services: str) -> None:
    """Kills each container's first process from outside, at once; its policy starts it again."""
    before = {service: engine.inspect(_container(service)) for service in services}
    at_s = time.monotonic()
    for state in before.values():
        os.kill(state["State"]["Pid"], signal.SIGKILL)

    def times(service: str) -> int:
        return int(engine.inspect(_container(service))["RestartCount"])

    def is_back(service: str) -> bool:
        again = times(service) > before[service]["RestartCount"]
        return again and (service not in SERVICES or _is_healthy(engine, service))

    for service in services:
        until(partial(is_back, service), f"{service} is started again, and healthy", patience_s=SLOW_S, step_s=1.0)
        seconds = time.monotonic() - at_s
        print(f"{service}: killed, back after {seconds:.0f} s, {times(service)} restarts")  # noqa: T201


def _counts_more(street: ContainerStreet, before: LedgerCounts) -> LedgerCounts:
    """Waits for further rows and counts: those of before are there, and none is lost or twice."""
    street.log_in()
    many = before.archive.rows
    until(lambda: street.rows() > many, "rows are added", seen=street.rows, patience_s=SLOW_S, step_s=1.0)
    after = street.counts()
    print(after)  # noqa: T201
    assert faults(after, CAMERAS) == []
    assert (after.lost, after.duplicates) == (0, 0)
    assert set(before.api_keys) < set(after.api_keys)
    return after


def _are_healthy(engine: Podman) -> None:
    for service in SERVICES:
        until(partial(_is_healthy, engine, service), f"{service} is healthy", patience_s=SLOW_S, step_s=1.0)


def _is_healthy(engine: Podman, service: str) -> bool:
    return engine.tried("podman", "healthcheck", "run", _container(service)).returncode == 0


def _is_hardened(engine: Podman, service: str) -> None:
    container = engine.inspect(_container(service))
    assert container["HostConfig"]["ReadonlyRootfs"]
    told = engine.python(
        _container(service),
        "import os; print(os.getuid(), *[line.split()[1] for line in open('/proc/1/status')"
        " if line.startswith(('Uid', 'CapEff', 'CapBnd', 'NoNewPrivs'))])",
    )
    assert told.stdout.split() == ["10001", "10001", "0000000000000000", "0000000000000000", "1"], service
    for place in ("/", "/opt/wayside", "/etc", "/usr/bin", "/var/lib"):
        refused = engine.python(_container(service), f"open('{place}/written', 'w')")
        assert "Read-only file system" in refused.stderr or "Permission denied" in refused.stderr, (service, place)


def _shows_a_picture(street: ContainerStreet) -> None:
    """A person logs in and sees what a camera sees, redacted."""
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport=SCREEN, locale="en-GB", ignore_https_errors=True).new_page()
        page.set_default_timeout(PAGE_MS)
        page.goto(f"{URL}/login")
        page.get_by_label("User name").fill(USER)
        page.get_by_label("Password").fill(street.password.read_text())
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/overview")
        page.goto(f"{URL}/live")
        tile = page.locator(".ws-card", has_text=district.NORTH.name)
        expect(tile.locator("canvas")).to_have_css("display", "block")
        browser.close()
