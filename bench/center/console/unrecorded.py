"""A headless Chromium whose network nobody records, so that what its renderer weighs is the page's.

Playwright switches the DevTools domain *Network* on for every page, and the renderer then keeps the bodies of what the
page fetched, for whoever asks: some 15 MiB a minute of a live wall, which no user's browser has. This one is spoken to
over `--remote-debugging-pipe` (messages of JSON, each ended by a zero byte) and is asked for nothing that is recorded.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import ViewportSize

from bench.process import pss_mib, rss_mib
from center import credentials
from tests.e2e.conftest import CHROMIUM, FLAGS

PATIENCE_S: Final = 120.0
LOOK_S: Final = 0.5
MIB: Final = 1024 * 1024
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Weight:
    """After a forced collection of garbage. MiB."""

    heap: float
    nodes: int
    listeners: int
    renderer_rss: float
    renderer_pss: float


@dataclass
class Pipe:
    """Commands go in, answers come out in their order; what the browser says unasked lies between them."""

    commands: int
    answers: int
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Events."""
    _sent: int = 0
    _rest: bytes = b""

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Raises `RuntimeError` with Chromium's words where it refuses, or ends."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self.commands, text) :]
        while True:
            answer = self._next()
            if answer.get("id") != self._sent:
                self.heard.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"Chromium refuses {method}: {answer['error']['message']}")
            else:
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self.answers, _CHUNK)
            if not read:
                raise RuntimeError("Chromium ended")
            self._rest += read
        message, _end, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@dataclass
class Unrecorded:
    """One open page of somebody who is logged in."""

    pipe: Pipe
    session: str

    def evaluate(self, expression: str) -> Any:
        """What it is there. Raises `RuntimeError` where it throws."""
        said = self.pipe.ask("Runtime.evaluate", self.session, expression=expression, returnByValue=True)
        if "exceptionDetails" in said:
            raise RuntimeError(f"{expression!r} threw: {said['exceptionDetails']['text']}")
        return said["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Until it holds. Raises `TimeoutError` after two minutes."""
        end_s = time.monotonic() + PATIENCE_S
        while not self.evaluate(condition):
            if time.monotonic() > end_s:
                raise TimeoutError(f"the page never came to {condition!r}")
            time.sleep(LOOK_S)  # to be told of a change would be to record

    def errors(self) -> list[str]:
        """What its console and its log said of errors so far."""
        self.evaluate("0")  # what is on its way comes before the answer
        found = []
        for event in self.pipe.heard:
            match event:
                case {"method": "Runtime.exceptionThrown", "params": {"exceptionDetails": details}}:
                    found.append(str(details.get("exception", {}).get("description", details["text"])))
                case {"method": "Runtime.consoleAPICalled", "params": {"type": "error", "args": said}}:
                    found.append(" ".join(str(each.get("value", each.get("description", ""))) for each in said))
                case {"method": "Log.entryAdded", "params": {"entry": {"level": "error", "text": text}}}:
                    found.append(str(text))
        return found

    def weight(self) -> Weight:
        """Collect its garbage, then weigh it: all renderers, of which one is Chromium's spare one."""
        for _ in range(3):
            self.pipe.ask("HeapProfiler.collectGarbage", self.session)
        said = {
            each["name"]: each["value"] for each in self.pipe.ask("Performance.getMetrics", self.session)["metrics"]
        }
        processes = self.pipe.ask("SystemInfo.getProcessInfo")["processInfo"]
        renderers = [int(each["id"]) for each in processes if each["type"] == "renderer"]
        return Weight(
            heap=round(said["JSHeapUsedSize"] / MIB, 2),
            nodes=int(said["Nodes"]),
            listeners=int(said["JSEventListeners"]),
            renderer_rss=round(sum(map(rss_mib, renderers)), 1),
            renderer_pss=round(sum(map(pss_mib, renderers)), 1),
        )


@contextmanager
def unrecorded(url: str, session: str, *, screen: ViewportSize) -> Iterator[Unrecorded]:
    """A page of a browser of its own."""
    commands_in, commands = os.pipe()
    answers, answers_out = os.pipe()
    with tempfile.TemporaryDirectory(prefix="wayside-chromium-") as profile:
        command = [str(CHROMIUM), "--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}", *FLAGS]
        browser = subprocess.Popen(
            # Chromium wants the pipes at these two numbers.
            ["bash", "-c", f'exec "$@" 3<&{commands_in} 4>&{answers_out}', "bash", *command, "about:blank"],
            pass_fds=(commands_in, answers_out),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands_in)
        os.close(answers_out)
        pipe = Pipe(commands, answers)
        try:
            cookie = {"name": credentials.SESSION, "value": session, "url": url}
            pipe.ask("Storage.setCookies", cookies=[cookie])
            opened = pipe.ask("Target.getTargets", filter=[{"type": "page"}])["targetInfos"]
            page = Unrecorded(
                pipe, pipe.ask("Target.attachToTarget", targetId=opened[0]["targetId"], flatten=True)["sessionId"]
            )
            metrics = {**screen, "deviceScaleFactor": 1, "mobile": False}
            pipe.ask("Emulation.setDeviceMetricsOverride", page.session, **metrics)
            for domain in ("Runtime", "Log", "Page", "Performance"):
                pipe.ask(f"{domain}.enable", page.session)
            pipe.ask("Page.navigate", page.session, url=url)
            yield page
            pipe.ask("Browser.close")
        finally:
            browser.terminate()
            browser.wait(timeout=30)
            os.close(commands)
            os.close(answers)
