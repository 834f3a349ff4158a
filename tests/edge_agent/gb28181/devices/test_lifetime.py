"""A device and the platform over a network that loses packets, for hours, and over a restart of either.

device ─▶ (a share is lost) ─▶ Endpoint ─▶ events
   ▲                              │
   └──── (a share is lost) ◀──────┘
"""

import random
from dataclasses import dataclass, field

import pytest

from edge_agent.gb28181.devices.events import CatalogTaken, Keep, Offline, Online, Restored
from edge_agent.gb28181.devices.registrations import Registration
from edge_agent.gb28181.devices.settings import Device
from tests.edge_agent.gb28181.scripted import CHANNEL, ID, PEER, Scripted, Site, cmd_type, keepalive, sn, status

STEP_S = 0.1
INTERVAL_S = 60.0
EXPIRES_S = 600
_TRIES_S = (0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5)
"""When a request is sent, and sent again (RFC 3261, 17.1.2)."""


@dataclass
class _Open:
    """A request of the device that waits for its answer."""

    data: bytes
    since_s: float
    sent: int = 0


@dataclass
class Faithful:
    """A device that does what it should, over a network that does not."""

    site: Site
    loss: float
    chance: random.Random
    script: Scripted = field(init=False)
    open: dict[str, _Open] = field(default_factory=dict)
    is_registered: bool = False
    registers_s: float = 0.0
    keeps_alive_s: float = 0.0
    answered: int = 0

    def __post_init__(self) -> None:
        self.script = Scripted(self.site)

    def step(self) -> None:
        now_s = self.site.at_s
        if now_s >= self.registers_s and "REGISTER" not in self.open:
            self._begin("REGISTER", self._register(""))
        if self.is_registered and now_s >= self.keeps_alive_s and "MESSAGE" not in self.open:
            self.keeps_alive_s = now_s + INTERVAL_S
            self._begin("MESSAGE", self.script.request("MESSAGE", body=keepalive(ID)))
        for method, waiting in list(self.open.items()):
            while waiting.sent < len(_TRIES_S) and now_s - waiting.since_s >= _TRIES_S[waiting.sent]:
                waiting.sent += 1
                self._send(waiting.data)
            if now_s - waiting.since_s > 32:
                del self.open[method]
        for text in self.site.pass_s(STEP_S):
            self._hear(text)

    def _register(self, authorization: str) -> bytes:
        more = [f"Contact: <sip:{ID}@192.168.1.64:5060>", f"Expires: {EXPIRES_S}"]
        return self.script.request("REGISTER", *more, *([f"Authorization: {authorization}"] if authorization else []))

    def _begin(self, method: str, data: bytes) -> None:
        self.open[method] = _Open(data, self.site.at_s)

    def _send(self, data: bytes) -> None:
        if self.chance.random() >= self.loss:
            for text in self.site.hear(data, PEER):
                self._hear(text)

    def _hear(self, text: str) -> None:
        if self.chance.random() < self.loss:
            return
        if not text.startswith("SIP/2.0"):
            self._answer(text)
            return
        method = text.partition("CSeq: ")[2].split()[1]
        waiting = self.open.get(method)
        if waiting is None or text.partition("CSeq: ")[2].split()[0].encode() not in waiting.data:
            return
        del self.open[method]
        if status(text) == 401:
            self._begin("REGISTER", self._register(self.script.digest(text)))
        elif method == "REGISTER":
            self.is_registered, self.registers_s = True, self.site.at_s + EXPIRES_S * 0.8
        elif status(text) == 403:
            self.is_registered, self.registers_s = False, self.site.at_s

    def _answer(self, request: str) -> None:
        self.answered += 1
        if self.chance.random() >= self.loss:
            self.script.answer(request, 200, "Expires: 600")
        if cmd_type(request) == "Catalog" and request.startswith("MESSAGE") and self.chance.random() >= self.loss:
            item = f"<Item><DeviceID>{CHANNEL}</DeviceID><Name>gate</Name><Status>ON</Status></Item>"
            head = f"<CmdType>Catalog</CmdType><SN>{sn(request)}</SN><DeviceID>{ID}</DeviceID><SumNum>1</SumNum>"
            self.script.say(f"<Response>{head}<DeviceList>{item}</DeviceList></Response>")


@pytest.mark.parametrize(("loss", "seed"), [(0.0, 1), (0.2, 2), (0.4, 3)])
def test_two_hours_with_lost_packets_and_a_restart_in_the_middle(loss: float, seed: int) -> None:
    chance = random.Random(seed)
    site = Site(Device(ID))
    device = Faithful(site, loss, chance)
    kept: Registration | None = None
    for _ in range(2):
        for _ in range(int(3600 / STEP_S)):
            device.step()
        events = site.told(Online, Offline, CatalogTaken, Keep)
        assert [type(each) for each in events if isinstance(each, Online | Offline)] == [Online]
        assert any(isinstance(each, CatalogTaken) for each in events) or kept is not None
        kept = [each.registration for each in events if isinstance(each, Keep)][-1]
        site = Site(Device(ID), restored=[Restored(kept, ID)], at_s=site.at_s + 20)  # the agent was away so long
        device.site = device.script.site = site
    assert device.answered < 200  # queries at the beginning, subscriptions every eight minutes


def test_a_device_that_loses_its_power_comes_back_by_itself() -> None:
    site = Site(Device(ID))
    device = Faithful(site, 0.1, random.Random(4))
    for _ in range(2000):
        device.step()
    site.pass_s(400)  # dark
    assert [type(each) for each in site.told(Online, Offline)] == [Online, Offline]
    again = Faithful(site, 0.1, random.Random(5), registers_s=site.at_s)
    for _ in range(600):
        again.step()
    assert [type(each) for each in site.told(Online, Offline)] == [Online]
