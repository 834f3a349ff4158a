"""A cabinet's first day: from `agent new` on an empty root to an archived picture; a bad configuration; a theft.

```
 office   wayside-provision  init · broker run · serve · site add · agent new · cameras import · bundle · revoke
                                      │          │ CSR → certificate, documents          │ revocation list
 cabinet  wayside-edge       enrol ───┼──────────┘                                       ▼
 camera (RTSP, digest) ────▶ run ─────┴─▶ Mosquitto ─▶ wayside-cluster ─▶ archive     refused
```
"""

import json
import re
import subprocess
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.catalog.catalog import Catalog, default_models_dir
from provisioning.contracts.config.processes import CenterConfig, EdgeConfig, load
from provisioning.contracts.fleet.documents import CENTER, Membership, Roster
from provisioning.contracts.wire import topics
from provisioning.demo.simulators import rtsp_server
from provisioning.files import toml
from provisioning.home.home import Home
from tests.support.exchange import listens
from tests.support.office import Technician
from tests.support.ports import free_port, free_ports
from tests.support.premises import BIN, Site
from tests.support.stills import write_stills
from tests.support.tap import Tap
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(900)]

SYSTEM_PYTHON = "/usr/bin/python3"
AGENT = "cabinet-7"
CAMERA_PASSWORD = 'pass@word:42,"x"'
PROBATION_S = 20.0
STEP_S = 0.2
"""To ask for what changes once in seconds."""


class Office:
    """`wayside-provision` on one home, as a technician types it."""

    def __init__(self, site: Site) -> None:
        self.home = site.root / "home"
        self._site = site
        self.commands: list[str] = []

    def say(self, *words: str) -> dict[str, Any]:
        """One command, its answer as JSON."""
        line = [str(BIN / "wayside-provision"), *words, "--home", str(self.home), "--json"]
        self.commands.append("wayside-provision " + " ".join(words))
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=LONG_S)
        with self._site.log("office").open("a", encoding="utf-8") as log:
            log.write(done.stderr)
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def start(self, name: str, *words: str) -> None:
        self._site.start(name, [str(BIN / "wayside-provision"), *words, "--home", str(self.home)])

    def standing(self) -> dict[str, Any]:
        """Reads the agent's last word from the register, as `status` shows it; in this process, as it is polled."""
        (agent,) = [each for each in Technician(self.home).asks("status")["agents"] if each["id"] == AGENT]
        standing: dict[str, Any] = agent
        return standing


def _cameras(site: Site, catalog: Catalog) -> int:
    """Two H.264 cameras that ask for a password, on a port of their own."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True, check=False).returncode != 0:
        pytest.skip("gst-rtsp-server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi")
    film = write_stills(site.root / "film.h264", catalog)
    password = site.root / "camera-password"
    password.touch(0o600)
    password.write_text(CAMERA_PASSWORD, encoding="utf-8")
    port = free_port()
    mounts = [part for name in ("gate", "yard") for part in ("--mount", f"{name}={film}")]
    lock = ["--user", "admin", "--password-file", str(password)]
    site.start("cameras", [SYSTEM_PYTHON, rtsp_server.__file__, "--port", str(port), *lock, *mounts])
    until(lambda: listens(port), "the cameras listen")
    return port


def _list_of_cameras(site: Site, port: int, gate_path: str = "gate") -> Path:
    """As Excel on a Chinese Windows writes it: GB18030, Chinese headings."""
    file = site.root / "cameras.csv"
    quoted = '"' + CAMERA_PASSWORD.replace('"', '""') + '"'
    rows = [
        "编码,名称,地址,用户名,密码",
        f"gate,东门,rtsp://127.0.0.1:{port}/{gate_path},admin,{quoted}",
        f"yard,院子,rtsp://127.0.0.1:{port}/yard,admin,{quoted}",
    ]
    file.write_bytes("\r\n".join(rows).encode("gb18030"))
    return file


def _secrets(office: Office, *configurations: Path) -> list[dict[str, Any]]:
    words = [part for file in configurations for part in ("--config", str(file))]
    listed: list[dict[str, Any]] = office.say("secrets", *words)["secrets"]
    return listed


def _values(listed: list[dict[str, Any]]) -> set[str]:
    """Each secret as it could appear in a log: whole lines of text files, and keys in PEM without their armour."""
    values: set[str] = set()
    for each in listed:
        path = Path(each["file"])
        if not path.is_file():
            continue
        content = path.read_bytes()
        if b"PRIVATE KEY" in content:
            blocks = re.findall(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.+?)\n-----END", content, re.DOTALL)
            values |= {line.decode() for block in blocks for line in block.split(b"\n")}
        elif len(content) < 512:
            values |= {line for line in content.decode(errors="replace").split("\n") if len(line) >= 8}
    return values


def _installation(site: Site, catalog: Catalog) -> tuple[Office, Path, int]:
    """Everything but the cabinet: an empty home that is served, a cluster, and two cameras."""
    office = Office(site)
    agents_port, services_port, enrolment_port = free_ports(3)
    ports = ["--agents-port", str(agents_port), "--services-port", str(services_port)]
    office.say("init", "--host", "127.0.0.1", "--listen", "127.0.0.1", *ports, "--enrolment-port", str(enrolment_port))
    office.start("broker", "broker", "run")
    office.start("provisioning", "serve")
    until(lambda: listens(agents_port) and listens(enrolment_port), "broker and enrolment listen")
    identity = Home.open(office.home).identities.identity("cluster")
    cluster = site.start_cluster(
        {
            "host": "127.0.0.1",
            "port": services_port,
            **{key: str(getattr(identity, key)) for key in ("ca_file", "cert_file", "key_file")},
        }
    )
    return office, cluster, _cameras(site, catalog)


def test_from_an_empty_root_to_a_theft(site: Site, catalog: Catalog, record_property: Any) -> None:
    office, cluster, rtsp_port = _installation(site, catalog)

    # --- from nothing to the first picture
    office.commands.clear()
    began_s = time.monotonic()
    office.say("site", "add", "north", "--name", "North gate")
    office.say("agent", "new", AGENT, "--site", "north")
    office.say("cameras", "import", AGENT, str(_list_of_cameras(site, rtsp_port)))
    bundle, box = site.root / "cabinet.bundle", site.root / "box"
    office.say("bundle", AGENT, "-o", str(bundle))
    enrol = [str(BIN / "wayside-edge"), "enrol", str(bundle), "--into", str(box), "--models", str(default_models_dir())]
    subprocess.run(enrol, check=True, capture_output=True, timeout=LONG_S)
    config = box / "agent.toml"
    _impatient(config)
    site.start_agent(AGENT, config)
    until(lambda: site.ledger(config)["archived"] >= 1, "a picture is archived", step_s=STEP_S)
    seconds = time.monotonic() - began_s
    record_property("seconds_from_agent_new_to_first_archived", seconds)
    print("\n" + "\n".join(office.commands), f"\nfirst archived snapshot {seconds:.1f} s after `site add`")  # noqa: T201
    assert site.query(cluster, "/status")["rows"] >= 1
    assert sum(day["snapshots"] for day in site.query(cluster, "/growth")["days"]) >= 1
    (node,) = site.query(cluster, "/nodes")["nodes"]
    assert node["alive"]
    until(lambda: office.standing()["verdict"] == "applied", "the first configuration is applied", step_s=STEP_S)

    # --- a bad configuration: the gate's address goes nowhere
    before = site.ledger(config)
    office.say("cameras", "import", AGENT, str(_list_of_cameras(site, rtsp_port, "nowhere")))
    until(
        lambda: office.standing()["verdict"] == "rolled_back",
        "it is rolled back",
        patience_s=PROBATION_S + 60,
        step_s=STEP_S,
    )
    until(lambda: office.standing()["active"] == 1, "the one before is in use", step_s=STEP_S)
    told = office.standing()
    assert (told["judged"], told["verdict"]) == (2, "rolled_back")
    assert "gate" in told["cause"]
    until(
        lambda: all(
            site.ledger(config)["cameras"][name]["archived"] > before["cameras"][name]["archived"]
            for name in ("gate", "yard")
        ),
        "both cameras are archived again",
        step_s=STEP_S,
    )
    after = site.ledger(config)
    assert (
        after["selected"] == after["archived"] + after["rejected"] + sum(after["dropped"].values()) + after["in_flight"]
    )
    assert set(after["dropped"]) <= {"redactor_busy"}, "nothing was lost to the change itself"

    # --- the box is stolen
    home = Home.open(office.home)
    center = Tap(home.identities.identity("center"), home.config.services_port, [topics.roster()])
    began_s = time.monotonic()
    assert len(office.say("revoke", AGENT, "--reason", "stolen", "--yes")["serials"]) == 1
    until(lambda: "publishing halted" in site.text(AGENT), "the agent is refused", step_s=0.02)
    refused = time.monotonic() - began_s
    until(lambda: _membership(home, center) is Membership.REVOKED, "the centre is told", step_s=0.02)
    told_s = time.monotonic() - began_s
    center.close()
    record_property("seconds_from_revoke_to_refusal", refused)
    record_property("seconds_from_revoke_to_the_centre_being_told", told_s)
    print(f"the centre is told {told_s:.2f} s after revoke")  # noqa: T201
    print(f"refused {refused:.2f} s after revoke: {site.text(AGENT).split('publishing halted')[1].splitlines()[0]}")  # noqa: T201
    _assert_it_ends(lambda: int(site.query(cluster, "/status")["rows"]))
    assert site.stop(AGENT) == 0

    # --- and nobody's secret is in anybody's log
    _assert_no_secret_is_told(site, office, config, cluster, bundle)


def _assert_it_ends(count: Callable[[], int]) -> None:
    """What the cluster had in hand is archived, however busy the machine is; then nothing more comes for 4 s."""
    counts = [count()]

    def stands() -> bool:
        counts.append(count())
        return counts[-1] == counts[-2]

    until(stands, "nothing more is archived", step_s=4.0)


def _membership(home: Home, center: Tap) -> Membership | None:
    """Of the agent, in the newest roster that reached the centre; a broker that restarts brings the same one again."""
    if not center.on("roster"):
        return None
    body = home.seal_key.seal.open(center.on("roster")[-1], addressee=CENTER, newer_than=0).body
    assert isinstance(body, Roster)
    (entry,) = body.agents
    return entry.membership


def _impatient(config: Path) -> None:
    """The same agent, with a probation that a test can wait for."""
    edge = load(EdgeConfig, config)
    assert edge.provisioning is not None
    quick = edge.provisioning.model_copy(update={"probation_s": PROBATION_S, "settle_s": 2.0})
    toml.write(config, edge.model_copy(update={"provisioning": quick}))


def _assert_no_secret_is_told(site: Site, office: Office, config: Path, cluster: Path, bundle: Path) -> None:
    center = toml.write(
        site.root / "center.toml",
        CenterConfig(
            broker=load(EdgeConfig, config).broker,
            query_token_file=Path(tomllib.loads(cluster.read_text())["query_token_file"]),
            data_dir=site.root / "center",
        ),
    )
    listed = _secrets(office, config, cluster, center)
    assert {"file", "mode", "rotation"} <= set(listed[0])
    assert not [each for each in listed if each["mode"] not in {None, "0600", each.get("expected_mode")}]
    values = _values(listed) | {CAMERA_PASSWORD, bundle.read_text().strip()}
    assert len(values) > 15, "the list found next to nothing"
    logs = sorted(site.root.glob("*.log"))
    assert {"broker.log", "provisioning.log", "cluster.log", f"{AGENT}.log", "office.log"} <= {log.name for log in logs}
    told = {
        f"{log.name}: {each['file']}"
        for log in logs
        for each in listed
        for value in _values([each])
        if value in log.read_text(errors="replace")
    }
    told |= {log.name for log in logs for value in values if value in log.read_text(errors="replace")}
    assert told == set()
