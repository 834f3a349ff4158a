"""The attacks of `make chaos` bounce off for their reason, and not because a message of theirs is badly made."""

import pytest

from provisioning.contracts.errors import ContractError
from provisioning.contracts.picture_bounds import CLUSTER
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import MAX_DROP_NAMES, Heartbeat
from provisioning.sip import message as sip
from provisioning.sip.message import Request
from tests.chaos.attacks import intruder
from tests.support.ports import free_port


@pytest.mark.parametrize(("width", "height", "let_in"), [(16_384, 1, False), (8_000, 500, True)])
def test_a_picture_of_an_odd_shape_keeps_the_contract_and_only_its_shape_is_judged(
    width: int, height: int, let_in: bool
) -> None:
    snapshot, jpeg = codec.decode_snapshot(intruder.picture_of_shape(1, width, height))
    assert (snapshot.picture.width, snapshot.picture.height) == (width, height)
    assert jpeg.startswith(codec.JPEG_START)
    assert (not CLUSTER.fault(width, height)) is let_in


def test_the_heartbeat_breaks_the_contract_by_its_drops_alone() -> None:
    kept = codec.decode(Heartbeat, intruder.heartbeat_of_drops(MAX_DROP_NAMES, 1))
    assert len(kept.cameras["gate"].dropped) == MAX_DROP_NAMES
    with pytest.raises(ContractError, match="dropped"):
        codec.decode(Heartbeat, intruder.heartbeat_of_drops(1025, 2**53))


def test_the_guesses_are_of_snapshots_and_none_is_the_same_twice() -> None:
    guesses = intruder.guesses()
    assert len(set(guesses)) == len(guesses)
    assert f"$share/intake/{topics.snapshots('+')}" in guesses


def test_a_strangers_message_is_sip_with_all_of_its_body() -> None:
    body = intruder.tangled_xml(b"<a></b>")
    listener = intruder.SipStranger(("127.0.0.1", free_port()), "127.0.0.1")
    stranger = intruder.SipStranger(listener.address, "127.0.0.1")
    try:
        stranger.message(body)
        message = sip.parse(listener.receive())
    finally:
        stranger.close()
        listener.close()
    assert isinstance(message, Request)
    assert (message.method, message.body) == ("MESSAGE", body)
