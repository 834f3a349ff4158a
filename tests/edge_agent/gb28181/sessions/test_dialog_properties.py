"""Any order of events: a step of the table or a typed error; and every session gives its channel and port back."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.gb28181.sessions.dialog import Dialog
from edge_agent.gb28181.sessions.dialog_states import TABLE, DialogEvent, DialogState, IllegalDialogEventError, after
from edge_agent.gb28181.sessions.invite import Accepted, ChannelFree, PortFree, SessionEnded
from provisioning.net.digest import Account
from provisioning.sip import message
from tests.edge_agent.gb28181.line import CHANNEL, DEVICE, LIVE, PEER, PLAYBACK, TCP_PEER, Line, answer

STATUSES = [100, 180, 200, 401, 407, 404, 486, 487, 600]
STEPS = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from(STATUSES), st.integers(0, 5)),
    st.tuples(st.sampled_from(["bye", "file_end", "gone", "hang_up", "picture", "late_media"]), st.just(0), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([0, 1, 5, 11, 33, 76]), st.just(0)),
    st.tuples(st.just("route"), st.integers(0, 2), st.just(0)),
)


@pytest.mark.parametrize(("state", "event"), list(product(DialogState, DialogEvent)))
def test_a_step_is_of_the_table_or_a_typed_error(state: DialogState, event: DialogEvent) -> None:
    if event in TABLE[state]:
        assert after(state, event) is TABLE[state][event]
        return
    with pytest.raises(IllegalDialogEventError, match=f"^{event.value} in state {state.value}$") as caught:
        after(state, event)
    assert (caught.value.state, caught.value.event) == (state, event)


def test_every_state_but_the_last_leads_on_to_it() -> None:
    for state in DialogState:
        reached, todo = {state}, [state]
        while todo:
            for following in TABLE[todo.pop()].values():
                if following not in reached:
                    reached.add(following)
                    todo.append(following)
        assert DialogState.BURIED in reached
    assert not TABLE[DialogState.BURIED]


def test_a_buried_dialog_takes_nothing_more() -> None:
    line = Line()
    line.invite()
    (dialog,) = line.dialogs._dialogs.values()
    line.pass_s(100)
    assert dialog.state is DialogState.BURIED
    for method in (Dialog.invite, Dialog.picture, Dialog.late_media, Dialog.file_end, Dialog.hang_up):
        with pytest.raises(IllegalDialogEventError):
            method(dialog, line.now)


class Played:
    """A session and a device that does as it is told."""

    def __init__(self, line: Line, session: int) -> None:
        self.line = line
        self.session = session
        self.heard = line.sent()
        self.events = line.events()

    def answer(self, status: int, which: int) -> None:
        if self.heard:
            response = message.parse(answer(self.heard[which % len(self.heard)], status))
            assert isinstance(response, message.Response)
            self.line.dialogs.receive_response(response, self.line.now)  # after its burial nobody's

    def tell(self, what: str) -> None:
        line, dialogs = self.line, self.line.dialogs
        tells: dict[str, Callable[[], object]] = {
            "bye": lambda: line.hear_file("bye-from-device.sip"),
            "file_end": lambda: dialogs.file_end(DEVICE, CHANNEL, "", line.now),
            "gone": lambda: dialogs.device_gone(DEVICE, line.now),
            "hang_up": lambda: dialogs.hang_up(self.session, line.now),
            "picture": lambda: dialogs.picture(self.session, line.now),
            "late_media": lambda: dialogs.late_media(self.session, line.now),
        }
        tells[what]()

    def wait(self, seconds: int) -> None:
        self.line.at_s += seconds
        self.line.dialogs.handle_timer(self.line.now)

    def collect(self) -> None:
        self.heard += self.line.sent()
        self.events += self.line.events()

    def end(self) -> None:
        """Hang up, and let all timers run out."""
        self.line.dialogs.hang_up(self.session, self.line.now)
        while (timer := self.line.dialogs.get_timer()) is not None:
            self.line.at_s = max(self.line.at_s, timer)
            self.line.dialogs.handle_timer(self.line.now)
        self.collect()


@settings(max_examples=300)
@given(steps=st.lists(STEPS, max_size=25), is_tcp=st.booleans(), is_playback=st.booleans(), has_password=st.booleans())
def test_whatever_a_device_does_the_session_ends_and_frees_channel_and_port_once(
    steps: list[tuple[str, int, int]], *, is_tcp: bool, is_playback: bool, has_password: bool
) -> None:
    line = Line(TCP_PEER if is_tcp else PEER, Account(CHANNEL, "p") if has_password else None)
    played = Played(line, line.invite(PLAYBACK if is_playback else LIVE))
    for what, number, which in steps:
        if what == "answer":
            played.answer(number, which)
        elif what == "wait":
            played.wait(number)
        elif what == "route":
            line.peer = [None, TCP_PEER if is_tcp else PEER, replace(PEER, port=5070)][number]
        else:
            played.tell(what)
        played.collect()
    played.end()
    kinds = [type(event) for event in played.events]
    assert [kinds.count(kind) for kind in (SessionEnded, ChannelFree, PortFree)] == [1, 1, 1]
    assert kinds.count(Accepted) <= 1
    assert kinds.index(SessionEnded) < kinds.index(ChannelFree) < kinds.index(PortFree)
    assert not line.dialogs._by_call
    assert not line.dialogs._ssrcs._used
