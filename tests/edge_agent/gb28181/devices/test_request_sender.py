"""Our requests find a device that has moved meanwhile, and each answer finds whoever asked."""

import pytest

from edge_agent.gb28181.devices.queries import MessageContext, MessageSubject
from edge_agent.gb28181.devices.request_factory import RequestFactory
from edge_agent.gb28181.devices.request_sender import RequestSender
from edge_agent.gb28181.sessions.invite import DeviceRoute
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer

ID = "34020000001180000001"
BEFORE = Peer("udp", "192.0.2.10", 5060)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        (Peer("udp", "192.0.2.10", 40000), Peer("udp", "192.0.2.10", 40000)),
        (Peer("tcp", "192.0.2.10", 40000, 7), BEFORE),  # who came over TCP is not sent repeats
        (None, BEFORE),
    ],
)
def test_a_repeat_goes_to_the_port_that_a_device_has_now(moved: Peer | None, expected: Peer) -> None:
    where: list[Peer | None] = [BEFORE]

    def route(_: str) -> DeviceRoute | None:
        return None if where[0] is None else DeviceRoute(where[0], "192.0.2.1", 5060)

    own = RequestFactory("34020000002000000001", "3402000000", lambda digits: "0" * digits)
    outgoing = RequestSender(own, route)
    asked = MessageContext(ID, MessageSubject.CATALOG, 1)
    assert outgoing.message(b"<Query/>", asked, Now(0.0, 0))
    where[0] = moved
    assert outgoing.handle_timer(Now(0.5, 500)) == []
    (first, second) = outgoing.packets
    assert first[0] == second[0]
    assert (first[1], second[1]) == (BEFORE, expected)
    assert outgoing.handle_timer(Now(32.0, 32_000)) == [asked]
