"""Simulates the cameras of the training street: each a process of its own, whose condition acts on site change."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from provisioning.demo import footage, site_plan
from provisioning.demo.children import Child, Children
from provisioning.demo.simulators import rtsp_server
from provisioning.demo.street import SYSTEM_PYTHON
from provisioning.files import durable
from provisioning.training.phrase import Phrase

PLAIN: Final = "plain"
_PICTURES: Final = 240
"""Pictures of the films in which a camera is not as it should be: they are played again and again."""


@dataclass(frozen=True)
class Condition:
    """Settings and faults of a camera; the defaults are a camera that is well."""

    is_plugged: bool = True
    hangs: bool = False
    view: str = PLAIN
    """One of `encode.VIEWS`, or `PLAIN`."""
    codec: str | None = None
    """Codec that somebody has set; None: that of its film."""
    clock_error_s: float = 0.0
    path: str | None = None
    """Path of its stream; None: its id."""
    password_file: Path | None = None
    """None: the password of the camera list."""


@dataclass(frozen=True)
class SiteAct:
    """Something that a technician does at a camera: sets one field of its condition right."""

    words: Phrase
    field: str
    cures: object = None
    """The value that it cures; None: any."""

    def at(self, condition: Condition) -> Condition:
        """Returns the condition afterwards."""
        now = getattr(condition, self.field)
        if self.cures is not None and now != self.cures:
            return condition
        well: dict[str, Any] = {self.field: getattr(Condition(), self.field)}
        return replace(condition, **well)


ACTS: Final[Mapping[str, SiteAct]] = {
    "plug": SiteAct(Phrase("plug in its cable", "插上网线和电源"), "is_plugged"),
    "power": SiteAct(Phrase("switch it off and on again", "断电重启"), "hangs"),
    "lamp": SiteAct(Phrase("mend infra-red lamp and exposure", "修好红外灯、调曝光"), "view", "dark"),
    "clean": SiteAct(Phrase("clean the lens", "清洁镜头、除去遮挡"), "view", "covered"),
    "straighten": SiteAct(Phrase("turn it back and tighten the mount", "转回原位并紧固支架"), "view", "turned"),
    "codec": SiteAct(Phrase("set it to H.264 or H.265", "设为 H.264 或 H.265"), "codec"),
    "ntp": SiteAct(Phrase("set NTP in it", "设置 NTP"), "clock_error_s"),
    "login": SiteAct(
        Phrase("type this platform's password into the device", "在设备里输入本平台的密码"), "password_file"
    ),
}
"""Acts on site, by the word that the trainee types."""


class SimulatedCamera:
    """A camera that an agent fetches from by RTSP; see `DeviceCamera` for one that registers."""

    def __init__(
        self, children: Children, camera_id: str, port: int, film: Path, folder: Path, password: Path, codec: str
    ) -> None:
        self.id = camera_id
        self.port = port
        self.condition = Condition()
        self.codec = codec
        self._children = children
        self._film = film
        self._folder = folder
        self._password = password
        self._process: Child | None = None
        self._is_there = False

    @property
    def path(self) -> str:
        """Path of its stream now."""
        return self.condition.path or self.id

    @property
    def password_file(self) -> Path:
        """File with the password that it asks for, or shows, now."""
        return self.condition.password_file or self._password

    def be(self, condition: Condition) -> bool:
        """Brings it into a condition. False: it was in it, and nothing happens."""
        if condition == self.condition and self._is_there:
            return False
        before, self.condition = self.condition, condition
        self._turn_film()
        touched = replace(before, view=condition.view, hangs=True if condition.hangs else before.hangs)
        if self._process is not None and condition == touched:
            # It goes on running: no stream is interrupted, or the agent would learn the new view.
            self._process.process.send_signal(signal.SIGSTOP if condition.hangs else signal.SIGHUP)
            return True
        self._is_there = True
        self._stop()
        if condition.is_plugged:
            self._process = self._children.start(
                f"camera-{self.id}", self._command(), remedy="run: bin/setup demo", is_errand=True
            )
        return True

    def change(self, **fields: Any) -> None:
        """Changes fields of its condition."""
        self.be(replace(self.condition, **fields))

    def is_listening(self) -> bool:
        """True once its process says that it listens."""
        return self._process is not None and b'{"port":' in self._process.log.read_bytes()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.process.send_signal(signal.SIGCONT)
            self._children.stop(self._process)
            self._process = None

    @property
    def playing(self) -> Path:
        """File with the film that it plays."""
        return self._folder / f"playing-{self.id}"

    def _turn_film(self) -> None:
        """Puts the film of its condition into its place; one with a fault is encoded the first time."""
        codec, view = self.condition.codec or self.codec, self.condition.view
        most = None if (codec, view) == (self.codec, PLAIN) else _PICTURES
        film = footage.prepare(
            self._children, self._film, self._folder, codec, view=None if view == PLAIN else view, most=most
        )
        durable.write(self.playing, film.read_bytes())

    def _command(self) -> list[str | Path]:
        command: list[str | Path] = [SYSTEM_PYTHON, rtsp_server.__file__, "--port", str(self.port)]
        command += ["--user", site_plan.CAMERA_USER, "--password-file", self.password_file]
        command += ["--mount", f"{self.path}={self.playing}"]
        if self.condition.clock_error_s:
            command += ["--clock-error", f"{self.path}={self.condition.clock_error_s}"]
        return command


class DeviceCamera(SimulatedCamera):
    """A camera whose device registers with the agent by GB/T 28181; `port` is the agent's."""

    def is_listening(self) -> bool:
        """True once its process runs: it registers by itself."""
        return self._process is not None

    def _command(self) -> list[str | Path]:
        where = ("--platform", f"{site_plan.HOST}:{self.port}", "--platform-id", site_plan.PLATFORM_ID)
        who = ("--first-id", site_plan.DEVICE_ID, "--password-file", self.password_file)
        command: list[str | Path] = [sys.executable, "-m", "provisioning.demo.simulators.gb28181", *where, *who]
        return [*command, "--media", self.playing, "--retry", "2", "--unregister"]
