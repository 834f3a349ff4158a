"""Cuts a byte stream of NAL units (Annex B of H.264 and H.265) into access units, and passes only whole ones.

The end of a picture is found by the NAL units alone: devices begin a pack, a PES packet or a timestamp where they like,
and set the marker where they like. A picture is whole if it has begun with its first slice and ends where the next
begins; a keyframe, if it brings the parameter sets that keyframes of its stream bring.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from edge_agent.gb28181.media import nal
from edge_agent.gb28181.media.nal import HEAD_BYTES, START, Codec, NalKind

MAX_UNIT_BYTES: Final = 4 * 1024 * 1024
"""A picture of 1080p takes a tenth of it at most."""
MAX_TIMES: Final = 4096
"""Times of one picture, which has one: with some devices, one a packet."""
_TRUSTED: Final = 8
"""Pictures whose end a mark has announced rightly, before marks are believed; one wrong one, and never again."""
_MAX_PARAMETER_BYTES: Final = 4096
_SPS: Final[dict[Codec, int]] = {"h264": 7, "h265": 33}
_NEEDED: Final[dict[Codec, frozenset[int]]] = {"h264": frozenset({7, 8}), "h265": frozenset({32, 33, 34})}
"""Types of the parameter sets that a picture cannot be decoded without."""


class Unit(NamedTuple):
    """One access unit, with start codes."""

    codec: Codec
    data: bytes
    is_keyframe: bool
    """The unit can be decoded by itself: parameter sets come with it."""
    pts_90k: int | None


class Broken(NamedTuple):
    """Bytes of a broken picture were thrown away, so many: pictures that follow refer to it."""

    bytes: int


Cut: TypeAlias = Unit | Broken


class AccessUnits:
    """Takes bytes and returns whole units. Nothing comes before a parameter set has shown the codec."""

    def __init__(self) -> None:
        self.codec: Codec | None = None
        self._contradicted = False
        self._parameters: dict[int, bytes] = {}
        self._brings_sets = False
        """The newest keyframe had its own parameter sets: one without, behind missing bytes, has lost them."""
        self._is_torn = False
        """Bytes are missing since the newest keyframe."""
        self._held = bytearray()
        self._scanned = 0
        self._times: list[tuple[int, int | None]] = []
        """Times of the pictures that begin from each byte on."""
        self._marked: int | None = None
        """End of a picture by the newest mark that nothing has followed yet."""
        self._right_marks = 0
        self._begin_unit()

    @property
    def held_bytes(self) -> int:
        """Bytes of the picture that is being read; `MAX_UNIT_BYTES` at most."""
        return len(self._held)

    def reset(self) -> None:
        """Throws the unfinished picture away: bytes are missing. Parameter sets still count."""
        self._held.clear()
        self._times.clear()
        self._scanned = 0
        self._marked = None
        self._is_torn = True
        self._begin_unit()

    def forget_times(self) -> None:
        """Forgets the times so far: they count from elsewhere than those to come."""
        self._times = [(begin, None) for begin, _ in self._times]

    def push(self, data: bytes, pts_90k: int | None) -> Sequence[Cut]:
        """Takes bytes whose first picture has this time; returns the units that end in them."""
        held = self._held
        if self._times and self._times[-1][0] == len(held):
            self._times.pop()
        if not self._times or self._times[-1][1] != pts_90k:
            self._times.append((len(held), pts_90k))
        held += data
        ready: list[Cut] = []
        while (at := held.find(START, self._scanned)) >= 0:
            if at + len(START) + HEAD_BYTES > len(held):
                self._scanned = at
                break
            self._meet(at, bytes(held[at + 3 : at + 3 + HEAD_BYTES]), ready)
        else:
            self._scanned = max(self._scanned, len(held) - 2)
        if len(held) > MAX_UNIT_BYTES or len(self._times) > MAX_TIMES:
            ready.append(Broken(len(held)))
            self.reset()
        return ready

    def mark(self) -> Unit | None:
        """Takes the sender's mark that a picture ends here; returns that picture if marks have always been right."""
        if self.codec is None or not self._has_slice:
            return None
        if self._right_marks < _TRUSTED:
            self._marked = len(self._held)
            return None
        unit = self._cut(self.codec, len(self._held), len(self._held))
        self._begin_unit()
        self._marked = 0
        return unit

    def _begin_unit(self) -> None:
        self._is_open = False
        """A NAL unit of the picture has begun; what is held before the first belongs to none."""
        self._has_slice = self._is_key = False
        self._sets: set[int] = set()
        """Types of the parameter sets that came with the picture."""
        self._parameter: tuple[int, int] | None = None
        """Type and position of the parameter set that is being read."""

    def _meet(self, at: int, head: bytes, ready: list[Cut]) -> None:
        """Takes the NAL unit that begins at `at`."""
        self._keep_parameter(at)
        self._scanned = at + len(START)
        kind = self._kind_of(head)
        if self.codec is None:
            self._drop(at, at)
            return
        is_slice = kind in {NalKind.SLICE, NalKind.KEY_SLICE}
        is_first = is_slice and nal.is_first_slice(head, self.codec)
        begins = is_first or kind in {NalKind.PARAMETERS, NalKind.PREFIX}
        self._judge_mark(at, ready, begins=begins)
        if kind is NalKind.DAMAGED or (is_slice and not is_first and not self._has_slice):
            ready.append(Broken(at))
            self._drop(self._scanned, at)
            self._is_torn = True
            self._begin_unit()
            return
        if not self._is_open or (begins and self._has_slice):
            at = self._step_to(at, self.codec, ready)
        self._is_open = True
        if kind is NalKind.PARAMETERS:
            self._parameter = nal.name_of(head, self.codec), at
            self._sets.add(self._parameter[0])
        elif is_first:
            is_point = _SPS[self.codec] in self._sets and nal.is_intra(head, self.codec)
            self._has_slice, self._is_key = True, kind is NalKind.KEY_SLICE or is_point

    def _kind_of(self, head: bytes) -> NalKind:
        """Returns the kind of a unit. One SPS of another codec is damage; with a second such set the codec changes."""
        signalled = nal.codec_of(head)
        was_contradicted, self._contradicted = self._contradicted, self._contradicted and signalled is None
        if signalled is not None and signalled != self.codec:
            if self.codec is None or was_contradicted:
                self.codec = signalled
                self._parameters.clear()
                self._brings_sets, self._right_marks = False, 0
                self._begin_unit()
            elif nal.is_sequence_parameter(head, signalled):
                self._contradicted = True
                return NalKind.DAMAGED
        return NalKind.OTHER if self.codec is None else nal.kind_of(head, self.codec)

    def _step_to(self, at: int, codec: Codec, ready: list[Cut]) -> int:
        """Begins a picture at `at`: what was before it is one, or is dropped. Returns its position now."""
        end = at - 1 if at and self._held[at - 1] == 0 else at  # the zero of a start code of four bytes
        if self._is_open:
            ready.append(self._cut(codec, end, at))
        else:
            self._drop(end, at)
        self._begin_unit()
        return at - end

    def _judge_mark(self, at: int, ready: list[Cut], *, begins: bool) -> None:
        """Judges the newest mark: it was right if nothing but the beginning of a picture follows it."""
        marked, self._marked = self._marked, None
        if marked is None or self._right_marks < 0:
            return
        if begins and not any(self._held[marked:at]):
            self._right_marks = min(_TRUSTED, self._right_marks + 1)
            return
        if self._right_marks == _TRUSTED:  # it was believed: half a picture has gone out
            ready.append(Broken(0))
        self._right_marks = -1

    def _keep_parameter(self, end: int) -> None:
        if self._parameter is None:
            return
        name, begin = self._parameter
        self._parameter = None
        if end - begin <= _MAX_PARAMETER_BYTES:
            self._parameters[name] = bytes(self._held[begin:end]).rstrip(b"\0")

    def _drop(self, end: int, at: int) -> None:
        """Throws the first `end` bytes away; the picture that begins at `at` has the time that counts there."""
        del self._held[:end]
        before = [time for begin, time in self._times if begin <= at]
        later = [(begin - end, time) for begin, time in self._times if begin > at]
        self._times = [(0, before[-1]), *later]
        self._scanned = max(0, self._scanned - end)

    def _cut(self, codec: Codec, end: int, at: int) -> Unit:
        """Cuts the first `end` bytes off as a unit; what is held from there on is the next one's beginning, at `at`."""
        data, pts = bytes(self._held[:end]), self._times[0][1]
        self._drop(end, at)
        if not self._is_key:
            return Unit(codec, data, is_keyframe=False, pts_90k=pts)
        missing = sorted(self._parameters.keys() - self._sets)
        was_torn, self._is_torn = self._is_torn, False
        if missing and was_torn and self._brings_sets:
            return Unit(codec, data, is_keyframe=False, pts_90k=pts)
        self._brings_sets = not missing
        is_whole = self._parameters.keys() >= _NEEDED[codec]
        data = b"".join(b"\0" + self._parameters[name] for name in missing) + data
        return Unit(codec, data, is_whole, pts)
