"""Who is there: the table, silence, connections that end, restarts."""

from itertools import product

import pytest

from edge_agent.gb28181.devices.registrations import (
    GRACE_S,
    NEXT,
    THERE,
    Gone,
    NotRegisteredError,
    Registration,
    RegistrationEvent,
    RegistrationResult,
    Registrations,
    RegistrationState,
)
from provisioning.sip.edition import Version
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.scripted import EPOCH_MS, ID, OTHER, PEER

HOST = PEER.host
TCP = Peer("tcp", HOST, 40001, 1)
ANEW = Peer("tcp", HOST, 40002, 2)


def now(at_s: float) -> Now:
    return Now(at_s, EPOCH_MS + round(at_s * 1000))


def registration(peer: Peer = PEER, *, life_s: int = 3600, keeps_alive: bool = False) -> Registration:
    return Registration(ID, peer, Version.V2016, EPOCH_MS, EPOCH_MS + life_s * 1000, keeps_alive)


def registered(peer: Peer = PEER, life_s: int = 3600) -> Registrations:
    table = Registrations({ID: 60.0, OTHER: 60.0})
    assert table.register(registration(peer, life_s=life_s), life_s, now(0)) is RegistrationResult.NEW
    return table


def test_the_table_lets_nobody_speak_who_is_not_registered() -> None:
    missing = set(product(RegistrationState, RegistrationEvent)) - set(NEXT)
    assert missing == {
        (RegistrationState.UNREGISTERED, RegistrationEvent.WORD),
        (RegistrationState.UNREGISTERED, RegistrationEvent.SILENCE),
        (RegistrationState.UNREGISTERED, RegistrationEvent.CLOSED),
        (RegistrationState.UNREGISTERED, RegistrationEvent.EXPIRY),
        (RegistrationState.RESTORED, RegistrationEvent.RESTORE),
        (RegistrationState.RESTORED, RegistrationEvent.CLOSED),
        (RegistrationState.ONLINE, RegistrationEvent.RESTORE),
        (RegistrationState.LAPSED, RegistrationEvent.RESTORE),
        (RegistrationState.LAPSED, RegistrationEvent.SILENCE),
        (RegistrationState.LAPSED, RegistrationEvent.CLOSED),
    }
    assert {state for (_, event), state in NEXT.items() if event is RegistrationEvent.REGISTER} == {
        RegistrationState.ONLINE
    }
    assert frozenset({RegistrationState.ONLINE, RegistrationState.RESTORED}) == THERE


def test_three_missed_keepalives_are_silence_and_the_next_one_ends_it() -> None:
    table = registered()
    assert table.keeps_alive(ID)
    assert not table.keeps_alive(ID)
    assert table.due(now(179)) == ([], [])
    assert table.due(now(180)) == ([(ID, Gone.SILENT)], [])
    assert (table.state(ID), table.peer(ID)) == (RegistrationState.LAPSED, None)
    assert table.note_message(ID, PEER, now(200), moves=True)
    assert (table.state(ID), table.peer(ID)) == (RegistrationState.ONLINE, PEER)
    assert table.due(now(379)) == ([], [])
    assert table.due(now(380)) == ([(ID, Gone.SILENT)], [])


def test_a_word_puts_silence_off_without_being_planned() -> None:
    table = registered()
    table.keeps_alive(ID)
    for at_s in range(60, 1000, 60):
        assert not table.note_message(ID, PEER, now(at_s), moves=True)
        assert table.due(now(at_s)) == ([], [])


def test_a_device_that_never_keeps_alive_is_asked_instead() -> None:
    table = registered()
    assert table.due(now(180)) == ([], [ID])
    table.answered(ID, now(181))
    assert table.due(now(360)) == ([], [])
    assert table.due(now(361)) == ([], [ID])
    assert table.silent(ID)
    assert not table.silent(ID)
    assert table.state(ID) is RegistrationState.LAPSED
    table.answered(ID, now(400))
    assert table.state(ID) is RegistrationState.LAPSED


def test_a_registration_runs_out_a_moment_after_its_time() -> None:
    table = registered(life_s=120)
    table.keeps_alive(ID)
    table.note_message(ID, PEER, now(119), moves=True)
    assert table.due(now(120 + GRACE_S - 1)) == ([], [])
    assert table.due(now(120 + GRACE_S)) == ([(ID, Gone.EXPIRED)], [])
    assert table.registration(ID) is None
    with pytest.raises(NotRegisteredError):
        table.note_message(ID, PEER, now(151), moves=True)
    assert table.due(now(1e9)) == ([], [])


def test_one_that_lapsed_and_runs_out_is_told_gone_once() -> None:
    table = registered(life_s=300)
    table.keeps_alive(ID)
    assert table.due(now(180)) == ([(ID, Gone.SILENT)], [])
    assert table.due(now(330)) == ([], [])
    assert table.state(ID) is RegistrationState.UNREGISTERED


def test_another_host_is_somebody_else() -> None:
    table = registered()
    with pytest.raises(NotRegisteredError, match="not registered from"):
        table.note_message(ID, Peer("udp", "192.0.2.99", 5060), now(1), moves=True)
    assert table.peer(ID) == PEER


def test_an_address_moves_where_keepalives_come_from() -> None:
    table = registered()
    rebound = Peer("udp", HOST, 61000)
    table.note_message(ID, rebound, now(1), moves=False)
    assert table.peer(ID) == PEER
    table.note_message(ID, rebound, now(1), moves=True)
    assert table.peer(ID) == rebound
    assert (table.at(rebound), table.at(PEER)) == (ID, None)
    assert (table.is_address(rebound), table.is_address(PEER)) == (True, False)


def test_a_connection_that_ends_takes_its_device_along_until_it_comes_back() -> None:
    table = registered(TCP)
    assert table.closed(Peer("tcp", HOST, 40009, 9)) == []
    assert table.closed(TCP) == [ID]
    assert table.closed(TCP) == []
    assert table.peer(ID) is None
    assert table.note_message(ID, ANEW, now(5), moves=False)
    assert table.peer(ID) == ANEW
    assert table.closed(TCP) == []
    assert table.closed(ANEW) == [ID]


def test_who_shares_an_address_is_not_told_apart_by_it() -> None:
    table = registered(TCP)
    table.register(Registration(OTHER, TCP, Version.V2022, 0, EPOCH_MS * 2), 60, now(0))
    assert table.at(TCP) is None
    assert sorted(table.closed(TCP)) == [ID, OTHER]
    table.unregister(OTHER)
    assert table.at(TCP) == ID


@pytest.mark.parametrize(
    ("peer", "arrival"),
    [
        (PEER, RegistrationResult.RENEWED),
        (Peer("udp", HOST, 61000), RegistrationResult.RENEWED),
        (Peer("udp", "192.0.2.99", 5060), RegistrationResult.MOVED),
        (TCP, RegistrationResult.MOVED),
    ],
)
def test_what_a_second_registration_is(peer: Peer, arrival: RegistrationResult) -> None:
    table = registered()
    assert table.register(registration(peer), 3600, now(10)) is arrival
    assert table.peer(ID) == peer
    assert table.is_host(peer.host)
    assert table.is_host(HOST) == (peer.host == HOST)


def test_a_second_connection_is_a_move_and_the_first_ones_end_no_loss() -> None:
    table = registered(TCP)
    assert table.register(registration(ANEW), 3600, now(10)) is RegistrationResult.MOVED
    assert table.closed(TCP) == []
    assert table.peer(ID) == ANEW


def test_after_a_restart_a_device_is_there_until_it_is_overdue() -> None:
    table = Registrations({ID: 60.0})
    assert table.restore(registration(keeps_alive=True), now(1000))
    assert (table.state(ID), table.peer(ID), table.count()) == (RegistrationState.RESTORED, PEER, 1)
    assert table.due(now(1179)) == ([], [])
    assert table.note_message(ID, PEER, now(1179), moves=True)
    assert table.state(ID) is RegistrationState.ONLINE
    assert table.due(now(1180)) == ([], [])


def test_after_a_restart_one_that_does_not_come_back_is_silent() -> None:
    table = Registrations({ID: 60.0})
    table.restore(registration(keeps_alive=True), now(1000))
    assert table.due(now(1180)) == ([(ID, Gone.SILENT)], [])


def test_after_a_restart_one_over_tcp_is_there_and_not_reached() -> None:
    table = Registrations({ID: 60.0})
    before = Peer("tcp", HOST, 40001, -1)
    table.restore(registration(before), now(1000))
    assert (table.state(ID), table.peer(ID)) == (RegistrationState.RESTORED, None)
    assert table.note_message(ID, ANEW, now(1010), moves=False)
    assert table.peer(ID) == ANEW
    assert table.closed(ANEW) == [ID]


@pytest.mark.parametrize(
    ("peer", "arrival"),
    [(TCP, RegistrationResult.NEW), (Peer("tcp", "192.0.2.99", 40001, 1), RegistrationResult.MOVED)],
)
def test_after_a_restart_a_registration_is_an_arrival(peer: Peer, arrival: RegistrationResult) -> None:
    table = Registrations({ID: 60.0})
    table.restore(registration(Peer("tcp", HOST, 40001, -1), keeps_alive=True), now(1000))
    assert table.register(registration(peer), 3600, now(1001)) is arrival
    kept = table.registration(ID)
    assert kept is not None
    assert kept.keeps_alive


def test_one_whose_renewal_a_kill_took_is_not_called_expired() -> None:
    table = Registrations({ID: 60.0})
    assert table.restore(registration(), now(3590))  # it has just renewed: it comes again at 7100
    for at_s in range(3600, 7100, 60):
        assert table.due(now(at_s)) == ([], [])
        table.note_message(ID, PEER, now(at_s), moves=False)
    assert table.register(registration(), 3600, now(7100)) is RegistrationResult.RENEWED
    assert table.count() == 1


def test_what_ran_out_while_we_were_away_is_not_restored() -> None:
    table = Registrations({ID: 60.0})
    assert not table.restore(registration(), now(3600))
    assert not Registrations({OTHER: 60.0}).restore(registration(), now(0))
    assert (table.state(ID), table.count(), table.get_timer()) == (RegistrationState.UNREGISTERED, 0, None)


def test_what_is_asked_of_one_that_is_not_there() -> None:
    table = Registrations({ID: 60.0})
    assert not table.keeps_alive(ID)
    assert not table.unregister(ID)
    assert not table.silent(ID)
    assert (table.peer(ID), table.peer("unknown"), table.at(PEER)) == (None, None, None)
    assert (ID in table, "unknown" in table) == (True, False)
    with pytest.raises(NotRegisteredError):
        table.note_message(ID, PEER, now(1), moves=False)
