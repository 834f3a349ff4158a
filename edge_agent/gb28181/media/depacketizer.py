"""Turns one session's RTP into whole pictures: RTP → order → PS, TS or raw video → access units.

After a loss nothing comes out until the next keyframe that is whole: a decoder would fill the holes with inventions.

```
datagram ─▶ rtp.parse ─▶ ReorderBuffer ─┬▶ ProgramStream ─┬▶ AccessUnits ─▶ gate ─▶ AccessUnit
bytes ─▶ TcpFramer ─▶ rtp.parse ─▶ ─────┼▶ TransportStream┤
                                        └▶ RawVideo ──────┘
```
"""

from collections import Counter, deque
from typing import Final, Literal, NamedTuple, TypeAlias

from edge_agent.gb28181.media import rtp
from edge_agent.gb28181.media.annexb import AccessUnits, Broken, Unit
from edge_agent.gb28181.media.nal import Codec
from edge_agent.gb28181.media.ps import PACK, STREAM_TYPES, LostBytes, ProgramStream
from edge_agent.gb28181.media.raw_video import RawVideo, codec_in
from edge_agent.gb28181.media.rtp import Noise, Packet, SenderReport
from edge_agent.gb28181.media.rtp_reorder import WAIT_S, WINDOW, Gap, ReorderBuffer
from edge_agent.gb28181.media.rtp_tcp import TcpFramer
from edge_agent.gb28181.media.ts import TransportStream, is_ts

_SILENCE_S: Final = 5.0
"""After so long without a packet of its SSRC the stream may be another one."""
_PROMISED_S: Final = 2.0
"""Over UDP, so long the SSRC that was promised is waited for: another may be of a session that should be over."""
_MAX_EARLY: Final = 8192
"""Packets of another SSRC that are kept meanwhile. Its first keyframe is among them, and the next may be 10 s away."""
MAX_EARLY_BYTES: Final = 8 * 1024 * 1024
"""Payload bytes of the packets kept early: 32 Mbit/s. The oldest go, and the receiver waits for the next keyframe."""
_AUDIO: Final = frozenset({0, 4, 8, 9, 18, 102})
"""Payload types of sound (RFC 3551, 6; 102 is AAC in GB/T 28181-2022)."""
_RAW: Final[dict[int, Codec]] = {98: "h264", 99: "h265", 100: "h265"}
"""GB/T 28181-2022, annex C; 99 is H.265 with some, and SVAC, which is not decoded here, by the text."""
_UNSUPPORTED_S: Final = 10.0
"""Seconds of media without a parameter set after which the stream is reported as unsupported."""
_WRAPS: Final = {False: 1 << 32, True: 1 << 33}
"""Modulus of RTP's 32-bit timestamps, and of the 33-bit ones of PES (True)."""
MAX_EVENTS: Final = 256
MAX_EVENT_BYTES: Final = 16 * 1024 * 1024


class AccessUnit(NamedTuple):
    """One whole picture, not yet decoded."""

    codec: Codec
    data: bytes
    """Annex B, with start codes."""
    is_keyframe: bool
    pts_90k: int | None
    """PTS of the PES, else the RTP timestamp, continued over their wrap-around. None: this picture has none."""
    arrived_s: float


class Damaged(NamedTuple):
    """Something is missing: no pictures until the next whole keyframe."""

    packets: int


class SipOnMediaPort(NamedTuple):
    """The device registers here: it has the media port for its SIP server's."""


class Unsupported(NamedTuple):
    """Media comes, and no picture of a codec that is read here."""

    what: str


Event: TypeAlias = AccessUnit | Damaged | SipOnMediaPort | Unsupported
_Format: TypeAlias = ProgramStream | TransportStream | RawVideo


class Receiver:
    """Receives one session's media. No input makes it raise, but for `FramingError` of `receive_bytes`."""

    def __init__(self, transport: Literal["udp", "tcp"], ssrc: int | None = None) -> None:
        """`ssrc`: of the device's answer; it wins over another, but need not come."""
        self._is_udp = transport == "udp"
        self._expected = ssrc
        self._framer = TcpFramer()
        self._flush_s: float | None = None
        self._events: deque[Event] = deque()
        self._event_bytes = 0
        self._ssrc: int | None = None
        self._host: str | None = None
        self._foreign_s: float | None = None
        """Second since which another SSRC than the promised one comes."""
        self._early: deque[tuple[Packet, float]] = deque()
        """Packets of other SSRCs that came meanwhile, each with its second."""
        self._early_bytes = 0
        self.heard_s: float | None = None
        """Monotonic second of the newest packet of the stream."""
        self.noise: Counter[Noise] = Counter()
        self.report: SenderReport | None = None
        """The newest report of the stream's sender."""
        self.lost_packets = 0
        self._begin(None)

    def _begin(self, ssrc: int | None) -> None:
        """Begins a new stream."""
        self._ssrc = ssrc
        self._order = ReorderBuffer(WINDOW if self._is_udp else 0)
        self._format: _Format | None = None
        self._payload_type = -1
        self._units = AccessUnits()
        self._began_s: float | None = None
        self._is_damaged = True
        self._has_pts = False
        """PES brought timestamps: RTP's, which count from elsewhere, are not used any more."""
        self._time: tuple[int, int, bool] | None = None
        """The newest timestamp as it came, as it was given out, and True if it was of a PES."""

    # --- what comes in

    def receive_datagram(self, data: bytes, host: str, now_s: float) -> None:
        """Takes one datagram. From another host than the stream's it is noise."""
        if host != self._host and self._host is not None and not self._is_silent(now_s):
            self.noise[Noise.FOREIGN] += 1
            return
        if self._receive(data, now_s):
            self._host = host

    def receive_bytes(self, data: bytes, now_s: float) -> None:
        """Takes bytes of the connection.

        Raises:
            FramingError: it makes no sense to read on.
        """
        for packet in self._framer.push(data):
            self._receive(packet, now_s)
        self._flush_s = now_s + WAIT_S if self._framer.is_waiting else None

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due."""
        return self._flush_s if self._flush_s is not None else self._order.get_timer()

    def handle_timer(self, now_s: float) -> None:
        """Releases packets that have waited long enough."""
        if self._flush_s is not None and now_s >= self._flush_s:
            self._flush_s = None
            for packet in self._framer.flush():
                self._receive(packet, now_s)
        for item in self._order.handle_timer(now_s):
            self._take_item(item, now_s)

    def next_event(self) -> Event | None:
        """Returns the next event; None: no more."""
        if not self._events:
            return None
        event = self._events.popleft()
        self._event_bytes -= _bytes_of(event)
        return event

    @property
    def held_bytes(self) -> int:
        """Bytes of packets, units and pictures that are not whole or not believed yet, and of events that wait."""
        parts = (self._framer, self._units, *([] if self._format is None else [self._format]))
        return sum(part.held_bytes for part in parts) + self._order.held_bytes + self._event_bytes + self._early_bytes

    # --- inside

    def _receive(self, data: bytes, now_s: float) -> bool:
        """Takes one packet; returns True if it was of the stream."""
        packet = rtp.parse(data)
        if isinstance(packet, Noise):
            self._hear_noise(packet, data)
            return False
        if packet.ssrc != self._ssrc and not self._may_begin(packet, now_s):
            if self._is_awaiting_promised:
                self._keep_early(packet, now_s)
            else:
                self.noise[Noise.FOREIGN] += 1
            return False
        self.heard_s = now_s
        for item in self._order.push(packet, now_s):
            self._take_item(item, now_s)
        return True

    def _hear_noise(self, noise: Noise, data: bytes) -> None:
        self.noise[noise] += 1
        if noise is Noise.SIP:
            self._queue_event(SipOnMediaPort())
        elif noise is Noise.RTCP and (report := rtp.sender_report(data)) is not None and report.ssrc == self._ssrc:
            self.report = report

    def _may_begin(self, packet: Packet, now_s: float) -> bool:
        """True if the stream is this one from now on: the first, the one that was promised, or after a silence."""
        if packet.ssrc != self._expected:
            if self._ssrc is not None and not self._is_silent(now_s):
                return False
            if packet.payload_type in _AUDIO:
                return False  # sound has an SSRC of its own with some
            if self._expected is not None and self._ssrc is None and self._is_udp:
                self._foreign_s = now_s if self._foreign_s is None else self._foreign_s
                if now_s - self._foreign_s < _PROMISED_S:
                    return False
        if self._ssrc is not None:
            self._spoil(0)
        self._begin(packet.ssrc)
        self._use_early(packet.ssrc)
        return True

    @property
    def _is_awaiting_promised(self) -> bool:
        return self._is_udp and self._ssrc is None and self._foreign_s is not None

    def _keep_early(self, packet: Packet, now_s: float) -> None:
        if packet.payload_type in _AUDIO:
            self.noise[Noise.FOREIGN] += 1
            return
        self._early.append((packet, now_s))
        self._early_bytes += len(packet.payload)
        while len(self._early) > _MAX_EARLY or self._early_bytes > MAX_EARLY_BYTES:
            oldest, _ = self._early.popleft()
            self._early_bytes -= len(oldest.payload)
            self.noise[Noise.FOREIGN] += 1

    def _use_early(self, ssrc: int) -> None:
        """Reads the packets that came before the stream was believed, in their order. Those of others are noise."""
        early, self._early, self._early_bytes = self._early, deque(), 0
        for packet, came_s in early:
            if packet.ssrc == ssrc:
                for item in self._order.push(packet, came_s):
                    self._take_item(item, came_s)
            else:
                self.noise[Noise.FOREIGN] += 1

    def _is_silent(self, now_s: float) -> bool:
        return self.heard_s is None or now_s - self.heard_s > _SILENCE_S

    def _take_item(self, item: Packet | Gap, now_s: float) -> None:
        if isinstance(item, Gap):
            self._take_gap(item, now_s)
            return
        if self._units.codec is None or item.payload_type != self._payload_type:
            self._choose_format(item)
            if item.payload_type != self._payload_type:
                return
        self._read(item, now_s)
        if item.marker and self._format is not None and self._format.is_at_boundary:
            unit = self._units.mark()
            if unit is not None:
                self._pass(unit, now_s)
        if self._units.codec is None:
            self._report_unsupported(now_s)

    def _take_gap(self, gap: Gap, now_s: float) -> None:
        """Counts missing packets, and drops what is half read."""
        self.lost_packets += gap.packets
        begun = None if self._format is None else self._format.reset()
        if begun is not None:
            self._video(begun.data, begun.pts_90k, now_s)
        self._spoil(gap.packets)

    def _read(self, packet: Packet, now_s: float) -> None:
        """Reads the video in a payload."""
        for piece in () if self._format is None else self._format.push(packet.payload):
            if isinstance(piece, LostBytes):
                self._spoil(0)
                continue
            if piece.pts_90k is not None and not self._has_pts:
                self._has_pts = True
                self._units.forget_times()
            self._video(piece.data, piece.pts_90k if self._has_pts else packet.timestamp_90k, now_s)

    def _choose_format(self, packet: Packet) -> None:
        """Chooses the format of a payload: by its content, else by its type."""
        chosen: _Format | None = None
        payload, stream = packet.payload, self._format
        if payload.startswith(PACK):
            chosen = None if isinstance(stream, ProgramStream) else ProgramStream()
        elif packet.payload_type not in _AUDIO and (stream is None or not stream.is_synced):
            codec = codec_in(payload) or (_RAW.get(packet.payload_type) if stream is None else None)
            if is_ts(payload):
                chosen = TransportStream()
            elif codec is not None and not (isinstance(stream, RawVideo) and stream.codec == codec):
                chosen = RawVideo(codec)
            elif stream is None and payload:
                chosen = ProgramStream()
        if chosen is not None:
            self._format = chosen
            self._spoil(0)
            self._payload_type = packet.payload_type
        elif payload.startswith(PACK):
            self._payload_type = packet.payload_type

    def _video(self, data: bytes, pts_90k: int | None, now_s: float) -> None:
        for unit in self._units.push(data, pts_90k):
            if isinstance(unit, Broken):
                self._close()
            else:
                self._pass(unit, now_s)

    def _pass(self, unit: Unit, now_s: float) -> None:
        """Passes a unit on, unless the stream is damaged and this is no keyframe."""
        if self._is_damaged and not unit.is_keyframe:
            return
        self._is_damaged = False
        self._queue_event(AccessUnit(unit.codec, unit.data, unit.is_keyframe, self._unwrapped(unit.pts_90k), now_s))

    def _spoil(self, packets: int) -> None:
        """Drops what is half read: bytes are missing or make no sense."""
        self._units.reset()
        self._close(packets)

    def _close(self, packets: int = 0) -> None:
        if not self._is_damaged:
            self._is_damaged = True
            self._queue_event(Damaged(packets))

    def _unwrapped(self, stamp: int | None) -> int | None:
        """Continues a timestamp where its 32 or 33 bits wrap around, or where PES begin to have their own."""
        if stamp is None:
            return None
        out = stamp
        if self._time is not None:
            last, given, was_pts = self._time
            wrap = _WRAPS[self._has_pts]
            step = (stamp - last + wrap // 2) % wrap - wrap // 2
            out = given + (step if was_pts == self._has_pts else 0)
        self._time = stamp, out, self._has_pts
        return out

    def _report_unsupported(self, now_s: float) -> None:
        self._began_s = now_s if self._began_s is None else self._began_s
        if now_s - self._began_s > _UNSUPPORTED_S:
            self._began_s = now_s
            claimed = frozenset() if self._format is None else self._format.claimed
            names = [name for number, name in STREAM_TYPES.items() if number in claimed]
            what = f"{' and '.join(names)} video" if names else "media without a parameter set of H.264 or H.265"
            self._queue_event(Unsupported(what))

    def _queue_event(self, event: Event) -> None:
        """Queues an event. A caller that drains too seldom loses the oldest, and the pictures that depend on it."""
        self._event_bytes += _bytes_of(event)
        if len(self._events) >= MAX_EVENTS or self._event_bytes > MAX_EVENT_BYTES:
            self._events.clear()
            self._is_damaged = True
            self._event_bytes, event = 0, Damaged(0)
        self._events.append(event)


def _bytes_of(event: Event) -> int:
    return len(event.data) if isinstance(event, AccessUnit) else 0
