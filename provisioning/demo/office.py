"""Prepares the demo's site as a technician would, by the commands `wayside-provision` and `wayside-edge enrol`."""

import getpass
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.processes import load, read_secret
from provisioning.demo import district, footage, own_certificate, ports, site_plan
from provisioning.demo.children import Children
from provisioning.demo.district import PlannedCamera
from provisioning.demo.ports import Ports
from provisioning.demo.state import DemoFolder
from provisioning.errors import DemoError
from provisioning.files import durable, toml
from provisioning.home.home import HomeConfig

_REMEDY: Final = "see its log"
_OURS: Final = "# Below: desk and cameras, written by the demo at each start."


class Office:
    """Home, broker and enrolment service of the demo, and an agent that enrols with a bundle."""

    def __init__(self, state: DemoFolder, children: Children, models_dir: Path) -> None:
        self._state = state
        self._home = state.folder("home")
        self._agent = state.folder("agent")
        self._papers = state.folder("secrets")
        self._children = children
        self._models = models_dir
        self._ports = Ports()
        self.agent_file = self._agent / "agent.toml"
        self.list_file = self._papers / "cameras.csv"
        self.mill_file = state.folder("mill") / "agent.toml"

    def ports(self) -> Ports:
        """Returns the ports of this run; those that a home and an agent of an earlier demo use stay.

        Raises:
            DemoError: one of those is taken.
        """
        file = self._home / "home.toml"
        if not file.exists():
            return ports.choose()
        known = load(HomeConfig, file)
        fixed = Ports(broker=known.agents_port, services=known.services_port, enrolment=known.enrolment_port)
        chosen = ports.choose(fixed)
        if chosen[:3] != fixed[:3]:
            raise DemoError(
                f"the demo that is kept uses ports {known.agents_port}, {known.services_port} and"
                f" {known.enrolment_port}, and one of them is taken: end what uses it, or leave out --keep"
            )
        return chosen

    def open(self, chosen: Ports) -> None:
        """Creates the home, unless it exists."""
        self._ports = chosen
        self._provision(
            "init",
            *("--name", "demo", "--host", site_plan.HOST, "--listen", site_plan.HOST, "--account", getpass.getuser()),
            *("--agents-port", str(chosen.broker), "--services-port", str(chosen.services)),
            *("--enrolment-port", str(chosen.enrolment)),
        )

    def start_broker(self) -> None:
        """Starts Mosquitto under its keeper, which reloads it for revocations."""
        self._start("broker", "broker", "run")

    def broker_is_up(self) -> bool:
        """True once both listeners accept connections."""
        return all(ports.answers(site_plan.HOST, port) for port in (self._ports.broker, self._ports.services))

    def start_service(self) -> None:
        """Starts the provisioning service: enrolment and delivery of documents."""
        self._start("provisioning", "serve")

    def service_is_up(self) -> bool:
        """True once the enrolment service accepts connections."""
        return ports.answers(site_plan.HOST, self._ports.enrolment)

    def sip_port(self) -> int:
        """Returns the SIP port of the kept agent's configuration, or a free one.

        Raises:
            DemoError: there is none.
        """
        known = self._agent_section().get("port")
        return ports.sip() if known is None else int(known)

    def provision(
        self, password_file: Path, sip_port: int | None = None, *, cameras: Sequence[PlannedCamera] = district.MEASURED
    ) -> None:
        """Adds a site, an agent, its cameras and a bundle, and enrols the agent. Steps that are done are skipped.

        `sip_port`: the agent's port for a camera whose device registers; None: there is no such camera.
        """
        password = read_secret(password_file)
        self.register(site_plan.camera_list(self._ports, password, with_device=sip_port is not None, cameras=cameras))
        if sip_port is not None:
            self.open_sip(sip_port)

    def register(self, listed: str) -> None:
        """Adds a site, an agent with the cameras of a list, and enrols the agent, as `provision`."""
        site, agent = site_plan.SITE, site_plan.AGENT
        self._provision("site", "add", site, "--name", site_plan.SITE_NAME, *site_plan.SITE_PLACE)
        self._provision("agent", "new", agent, "--site", site)
        self.import_cameras(listed)
        if not self.agent_file.exists():
            self._enrol(agent, self._agent)

    def import_cameras(self, listed: str) -> None:
        """Writes a camera list, and imports it in the place of the one before."""
        durable.write(self.list_file, listed.encode())
        self._provision("cameras", "import", site_plan.AGENT, str(self.list_file), "--replace")

    def open_sip(self, port: int) -> None:
        """Adds [gb28181] to the agent's own file, unless it has it: no sealed document sets the ports of a box."""
        if not self._agent_section():
            known = self.agent_file.read_bytes()
            durable.write(self.agent_file, known + site_plan.sip_section(port).encode())

    def open_mill(self, password_file: Path) -> None:
        """Enrols the agent with the desk, unless it is, and writes its desk and cameras into its own file."""
        folder = self.mill_file.parent
        if not self.mill_file.exists():
            self.add_agent(district.MILL, folder)
            own_certificate.write(folder / "desk.crt", folder / "desk.key", site_plan.HOST)
        enrolled = self.mill_file.read_text(encoding="utf-8").partition(_OURS)[0]
        own = toml.text(site_plan.mill(self._state, self._ports, password_file))
        durable.write(self.mill_file, f"{enrolled}{_OURS}\n{own}".encode())

    def desk_is_up(self) -> bool:
        """True once the desk accepts connections."""
        return ports.answers(site_plan.HOST, self._ports.desk)

    def add_agent(self, agent: str, into: Path) -> None:
        """Enrols another agent of the same site, without cameras, into this folder."""
        self._provision("agent", "new", agent, "--site", site_plan.SITE)
        self._enrol(agent, into)

    def _enrol(self, agent: str, into: Path) -> None:
        bundle = self._papers / f"{agent}.bundle"
        self._provision("bundle", agent, "-o", str(bundle))
        program = footage.program_path("wayside-edge")
        command: list[str | Path] = [program, "enrol", bundle, "--into", into, "--models", self._models]
        self._children.run("edge-enrol", command, remedy=_REMEDY)

    def _agent_section(self) -> dict[str, Any]:
        """Returns [gb28181] of the agent's own file; empty without one."""
        if not self.agent_file.exists():
            return {}
        section = tomllib.loads(self.agent_file.read_text(encoding="utf-8")).get("gb28181", {})
        return dict(section)

    def _provision(self, *words: str) -> None:
        # Several in a row, each with a log of its own: `site-add.log`.
        name = "-".join(word for word in words[:2] if not word.startswith("-"))
        self._children.run(f"provision-{name}", self._command(*words), remedy=_REMEDY)

    def _start(self, name: str, *words: str) -> None:
        self._children.start(name, self._command(*words), remedy=_REMEDY)

    def _command(self, *words: str) -> list[str | Path]:
        return [footage.program_path("wayside-provision"), *words, "--home", self._home]
