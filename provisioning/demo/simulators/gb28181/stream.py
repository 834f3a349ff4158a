"""Packets of one media session, picture by picture. No socket and no clock: the sender keeps the pace."""

import random
import struct
from typing import Final, NamedTuple

from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import CLOCK_HZ, Footage, Unit, nal_units
from provisioning.demo.simulators.gb28181.ps import PACKET_BYTES, Pack, ProgramStream, TransportStream
from provisioning.demo.simulators.gb28181.sdp import MediaOrder

TYPE_PS: Final = 96
_TYPE_H264: Final = 98
_TYPE_H265: Final = 100
_TYPE_G711A: Final = 8
_TYPE_MP2T: Final = 33
_NTP_UNIX_S: Final = 2_208_988_800
_DUPLICATE_EVERY: Final = 10
_AUDIO_EVERY: Final = 5
_NOISE_EVERY: Final = 25
_HEADER_BYTES: Final = 66
"""More than pack header, system header and PSM have together."""
_SPLIT_BYTES: Final = 11
_CHANGE_AT_S: Final = 2.0
_ZEROS_AT_S: Final = 1.0
_LATE_SHARE: Final = 0.1
_SIP: Final = b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n\r\n"


class RtpWriter:
    """Writes packets of one synchronisation source."""

    def __init__(self, ssrc: int, sequence: int, faults: frozenset[DeviceFault] = frozenset()) -> None:
        self.ssrc = ssrc
        self._sequence = sequence
        self._faults = faults
        self._extra_90k = 0

    def packets(self, payloads: list[bytes], timestamp_90k: int, payload_type: int) -> list[bytes]:
        """Writes one packet for each payload of a picture; the marker is on the last."""
        return [
            self.packet(payload, timestamp_90k, payload_type, marker=number == len(payloads))
            for number, payload in enumerate(payloads, 1)
        ]

    def packet(self, payload: bytes, timestamp_90k: int, payload_type: int, *, marker: bool) -> bytes:
        """Writes one packet and advances the sequence number."""
        if DeviceFault.CONSTANT_TIMESTAMP in self._faults:
            timestamp_90k = 0
        elif DeviceFault.TIMESTAMP_PER_PACKET in self._faults:
            self._extra_90k += 1
            timestamp_90k += self._extra_90k
        if DeviceFault.NO_MARKER in self._faults:
            marker = False
        head = struct.pack(
            ">BBHII", 0x80, marker << 7 | payload_type, self._sequence, timestamp_90k & 0xFFFF_FFFF, self.ssrc
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        return head + payload

    def sender_report(self, wall_s: float, timestamp_90k: int) -> bytes:
        """Writes an RTCP packet that ties the timestamps to a clock (RFC 3550 section 6.4.1)."""
        ntp = int((wall_s + _NTP_UNIX_S) * (1 << 32)) & 0xFFFF_FFFF_FFFF_FFFF
        return struct.pack(">BBHIQIII", 0x80, 200, 6, self.ssrc, ntp, timestamp_90k & 0xFFFF_FFFF, 0, 0)


def h264_payloads(units: list[bytes], limit: int) -> list[bytes]:
    """Keeps NAL units whole if they fit, else splits them as FU-A (RFC 6184 sections 5.6 and 5.8)."""
    payloads = []
    for unit in units:
        if len(unit) <= limit:
            payloads.append(unit)
            continue
        indicator = unit[0] & 0xE0 | 28
        payloads += _fragments(bytes([indicator]), unit[0] & 0x1F, unit[1:], limit)
    return payloads


def h265_payloads(units: list[bytes], limit: int) -> list[bytes]:
    """Keeps NAL units whole if they fit, else makes fragmentation units (RFC 7798 sections 4.4.1 and 4.4.3)."""
    payloads = []
    for unit in units:
        if len(unit) <= limit:
            payloads.append(unit)
            continue
        head = bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
        payloads += _fragments(head, unit[0] >> 1 & 0x3F, unit[2:], limit)
    return payloads


def _fragments(head: bytes, kind: int, data: bytes, limit: int) -> list[bytes]:
    room = limit - len(head) - 1
    pieces = [data[at : at + room] for at in range(0, len(data), room)]
    last = len(pieces) - 1
    return [
        head + bytes([(number == 0) << 7 | (number == last) << 6 | kind]) + piece for number, piece in enumerate(pieces)
    ]


_LENGTH_2400: Final = 0x2400 - 12
_START_90K: Final = 3600


class Burst(NamedTuple):
    """Packets of one picture."""

    packets: list[bytes]
    is_keyframe: bool
    dropped: int
    """Packets of this picture that were dropped on purpose."""
    gap_s: float
    """Media time until the next picture; the sender divides it by pace and scale."""


class Stream:
    """Media of one session: live for ever, or a span from its start to its end."""

    def __init__(self, footage: Footage, order: MediaOrder, profile: DeviceProfile) -> None:
        faults = profile.faults
        self._footage = footage
        self._span = order.span
        self._profile = profile
        self._random = random.Random(f"{profile.seed} {order.ssrc}")  # noqa: S311 - loss that can be repeated
        sequence = 65500 if DeviceFault.SEQUENCE_WRAP in faults else self._random.getrandbits(15)
        self._rtp = RtpWriter(order.ssrc, sequence, faults)
        self._other_ssrc = order.ssrc + 1 & 0xFFFF_FFFF
        self._audio = RtpWriter(order.ssrc ^ 0x5555, self._random.getrandbits(15))
        self._ts = TransportStream(footage.codec)
        self._ps = ProgramStream(footage.codec, faults)
        self._held: list[tuple[int, bytes]] = []
        """Packets that are delayed, each with the number of the packet that overtakes it."""
        self._sent = 0
        self._pictures = 0
        self._number = 0
        self._base_90k = 0
        """Added to a picture's own time: completed rounds, and jumps."""
        self._media_90k = 0
        self.scale = 1.0
        if order.span is not None:
            self.seek(0.0)
        elif DeviceFault.JOINED_MID_GOP in faults:
            following = footage.keyframe_after(1)
            self._number = (following or len(footage.units)) // 2

    @property
    def pictures(self) -> int:
        """Counts the pictures made so far."""
        return self._pictures

    @property
    def is_over(self) -> bool:
        """True when a span is sent to its end, or a live stream has sent its limit of pictures."""
        if self._span is None:
            return self._profile.pictures is not None and self._pictures >= self._profile.pictures
        if DeviceFault.PLAYS_ON in self._profile.faults:
            return False
        return self._media_90k >= (self._span[1] - self._span[0]) * CLOCK_HZ

    def seek(self, position_s: float) -> None:
        """Jumps to a position in the span; a keyframe comes next, with the time of that position."""
        start = self._span[0] if self._span else 0
        self._number = self._footage.keyframe_at(start + position_s)
        self._media_90k = int(position_s * CLOCK_HZ)
        self._base_90k = self._media_90k - self._footage.units[self._number].dts_90k

    def key_frame(self) -> None:
        """Jumps to the next keyframe; times go on."""
        unit = self._footage.units[self._number]
        self._number = self._footage.keyframe_after(self._number)
        self._base_90k += unit.dts_90k - self._footage.units[self._number].dts_90k

    def burst(self) -> Burst:
        """Returns the packets of the next picture, and advances."""
        faults = self._profile.faults
        unit = self._footage.units[self._number]
        dts_90k, pts_90k = (self._base_90k + time + _START_90K for time in (unit.dts_90k, unit.pts_90k))
        if DeviceFault.SSRC_CHANGES in faults and self._media_90k >= _CHANGE_AT_S * CLOCK_HZ:
            self._rtp.ssrc = self._other_ssrc
        packets = [_SIP] if DeviceFault.SIP_ON_MEDIA_PORT in faults else self._packets(unit, pts_90k, dts_90k)
        made = len(packets)
        if DeviceFault.LOSS in faults:
            packets = [packet for packet in packets if self._random.random() >= self._profile.loss]
        burst = Burst(
            self._noisy(self._shaped(packets), dts_90k), unit.is_keyframe, made - len(packets), self._step() / CLOCK_HZ
        )
        self._sent += made
        self._pictures += 1
        return burst

    def rest(self) -> list[bytes]:
        """Returns the packets that are still delayed, at the end."""
        late = [packet for _, packet in self._held]
        self._held.clear()
        return late

    def _step(self) -> int:
        units = self._footage.units
        before = self._base_90k + units[self._number].dts_90k
        self._number += 1
        if self._number == len(units):
            self._number = 0
            self._base_90k += self._footage.duration_90k
        gap = max(0, self._base_90k + units[self._number].dts_90k - before)
        self._media_90k += gap
        return gap

    def _packets(self, unit: Unit, pts_90k: int, dts_90k: int) -> list[bytes]:
        faults, limit = self._profile.faults, self._profile.packet_bytes
        if DeviceFault.RAW_VIDEO in faults:
            units = nal_units(unit.data)
            if self._footage.codec == "h264":
                return self._rtp.packets(h264_payloads(units, limit), pts_90k, _TYPE_H264)
            return self._rtp.packets(h265_payloads(units, limit), pts_90k, _TYPE_H265)
        if DeviceFault.TRANSPORT_STREAM in faults:
            data = self._ts.pack(unit, pts_90k, dts_90k)
            whole = max(1, limit // PACKET_BYTES) * PACKET_BYTES
            return self._rtp.packets(_cut(data, whole), dts_90k, _TYPE_MP2T)
        if DeviceFault.LENGTH_2400 in faults:
            limit = _LENGTH_2400
        payloads = self._cut(self._ps.pack(unit, pts_90k, dts_90k), limit)
        if DeviceFault.ENDLESS_ZEROS in faults and self._media_90k >= _ZEROS_AT_S * CLOCK_HZ:
            payloads = [bytes(len(payload)) for payload in payloads]
        return self._rtp.packets(payloads, dts_90k, TYPE_PS)

    def _cut(self, pack: Pack, limit: int) -> list[bytes]:
        faults = self._profile.faults
        if DeviceFault.TINY_HEADERS in faults:
            return pack.headers + _cut(b"".join(pack.packets), limit)
        data = pack.data
        if DeviceFault.SPLIT_HEADERS in faults:
            return _cut(data[:_HEADER_BYTES], _SPLIT_BYTES) + _cut(data[_HEADER_BYTES:], limit)
        return _cut(data, limit)

    def _shaped(self, packets: list[bytes]) -> list[bytes]:
        """Duplicates, delays and reorders packets by the faults."""
        faults = self._profile.faults
        if DeviceFault.DUPLICATE in faults:
            packets = [
                packet
                for number, packet in enumerate(packets, self._sent)
                for _ in range(2 if number % _DUPLICATE_EVERY == 0 else 1)
            ]
        if DeviceFault.REORDER not in faults:
            return packets
        arriving: list[bytes] = []
        before, self._held = self._held, []
        for number, packet in enumerate(packets, self._sent):
            if self._random.random() < _LATE_SHARE:
                self._held.append((number + self._random.randint(1, self._profile.reorder_window), packet))
            else:
                arriving.append(packet)
            arriving += [late for until, late in self._held if until <= number]
            self._held = [(until, late) for until, late in self._held if until > number]
            # Nothing is later than one picture: a receiver's window is one of time too.
            arriving += [late for _, late in before]
            before = []
        return arriving

    def _noisy(self, packets: list[bytes], now_90k: int) -> list[bytes]:
        faults = self._profile.faults
        if DeviceFault.AUDIO_PACKETS in faults and self._pictures % _AUDIO_EVERY == 0:
            packets = [*packets, self._audio.packet(b"\xd5" * 160, now_90k // 11, _TYPE_G711A, marker=True)]
        if DeviceFault.RTCP_NOISE in faults and self._pictures % _NOISE_EVERY == 0:
            start_s = self._span[0] if self._span else 0
            report = self._rtp.sender_report(start_s + self._media_90k / CLOCK_HZ, now_90k)
            packets = [report, b"\0\1noise", b"", *packets]
        return packets


def _cut(data: bytes, limit: int) -> list[bytes]:
    return [data[at : at + limit] for at in range(0, len(data), limit)]
