"""Writes SDP offers of GB/T 28181 and parses devices' answers.

`y=` is the SSRC in ten digits, `f=` the coding, neither of which a general SDP parser takes. Answers are read
leniently: without a body, without a port, without a `y`, they are still answers, and the media decide.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal

from provisioning.sip.errors import ProtocolError

CONTENT_TYPE: Final = "APPLICATION/SDP"
Purpose = Literal["Play", "Playback", "Download"]
Transport = Literal["udp", "tcp_passive", "tcp_active"]
"""Passive: the device connects to us. Active: we connect to the device."""
StreamAttribute = Literal["streamnumber", "stream", "streamprofile", "streamMode"]
"""Attribute that selects the sub-stream: `streamnumber` is 2022's, the others are makers' own."""

_PAYLOADS: Final = ((96, "PS/90000"), (98, "H264/90000"), (97, "MPEG4/90000"))
"""PS first: Dahua takes the first rtpmap."""
_PAYLOADS_2022: Final = ((100, "H265/90000"),)
_EXTRA_PAYLOADS: Final = ((125, "H264S/90000"), (126, "H264/90000"), (99, "H265/90000"))
"""Some channels of Hikvision recorders answer only where these are listed."""
_FORMATS: Final = "96 98 97"
_SETUP: Final = {"tcp_passive": "passive", "tcp_active": "active"}

_MAX_BYTES: Final = 1 << 16
_MAX_LINES: Final = 512
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_LINE: Final = re.compile(r"([a-z])\s?=(.*)", re.DOTALL)
_MEDIA: Final = re.compile(r"video\s+([0-9]{1,9})(?:/[0-9]{1,9})?\s+(\S{1,64})(.*)", re.IGNORECASE | re.DOTALL)
_RTPMAP: Final = re.compile(r"rtpmap\s*:\s*([0-9]{1,3})\s+(\S{1,64})", re.IGNORECASE | re.ASCII)
_ATTRIBUTE: Final = re.compile(r"(setup|filesize)\s*:\s*(\S{1,32})", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_SSRC: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_MAX_RTPMAPS: Final = 32
_MAX_TEXT: Final = 64


class SdpError(ProtocolError):
    """A body without a single line of SDP, or out of all bounds."""


@dataclass(frozen=True, slots=True)
class SdpOffer:
    """The SDP offer of an INVITE."""

    platform_id: str
    channel_id: str
    host: str
    """Destination of the media: the address by which the device reaches us."""
    port: int
    ssrc: int
    """The ten digits of `y=`, the first of which is 0 for live and 1 for what was recorded."""
    transport: Transport = "udp"
    purpose: Purpose = "Play"
    span_s: tuple[int, int] | None = None
    """Playback and download: from, to, in Unix seconds."""
    download_speed: int = 1
    stream: int | None = None
    """0 main, 1 sub; None says nothing of it."""
    stream_attribute: StreamAttribute = "streamnumber"
    is_2022: bool = False
    has_extra_payloads: bool = False

    def encode(self) -> bytes:
        """Writes the offer, with its lines in the order to which devices are used."""
        return "".join(f"{line}\r\n" for line in (*self._session(), *self._media())).encode("ascii", "replace")

    def _session(self) -> list[str]:
        kind = "IP6" if ":" in self.host else "IP4"
        began, ended = self.span_s or (0, 0)
        address = f"IN {kind} {self.host}"
        lines = ["v=0", f"o={self.platform_id} 0 0 {address}", f"s={self.purpose}"]
        if self.purpose != "Play":
            lines.append(f"u={self.channel_id}:0")
        return [*lines, f"c={address}", f"t={began} {ended}"]

    def _media(self) -> list[str]:
        payloads = [*_PAYLOADS]
        if self.is_2022:
            payloads += _PAYLOADS_2022
        if self.has_extra_payloads:
            payloads += _EXTRA_PAYLOADS
        formats = [_FORMATS, *(str(number) for number, _ in payloads[len(_PAYLOADS) :])]
        protocol = "RTP/AVP" if self.transport == "udp" else "TCP/RTP/AVP"
        lines = [f"m=video {self.port} {protocol} {' '.join(formats)}", "a=recvonly"]
        lines += [f"a=rtpmap:{number} {coding}" for number, coding in payloads]
        if self.transport != "udp":
            lines += [f"a=setup:{_SETUP[self.transport]}", "a=connection:new"]
        if self.purpose == "Download":
            lines.append(f"a=downloadspeed:{self.download_speed}")
        if self.stream is not None:
            lines.append(f"a={self.stream_attribute}:{self._stream()}")
        return [*lines, f"y={self.ssrc:010d}", "f=v/////a///"]

    def _stream(self) -> str:
        if self.stream_attribute == "streamMode":
            return "sub" if self.stream else "main"
        return str(self.stream)


@dataclass(frozen=True, slots=True)
class SdpAnswer:
    """A device's SDP answer. None, or nothing, where it does not say: media may come all the same."""

    host: str | None = None
    """Address that the device sends from, or listens on (TCP active). Not 0.0.0.0."""
    port: int = 0
    """0 where there is none."""
    is_tcp: bool = False
    setup: str | None = None
    """The device's role, in lower case: active where it connects to us."""
    ssrc: int | None = None
    """SSRC of `y=`, which wins over ours. None for 0000000000, too."""
    filesize: int | None = None
    """Bytes of a download; None for -1, too."""
    rtpmaps: tuple[tuple[int, str], ...] = ()
    """Payload type and coding, `(96, "PS/90000")`: to be reported, not to be believed."""
    channel_id: str = ""
    """The user of `o=`: often another than was asked for."""


def parse_answer(body: bytes) -> SdpAnswer:
    """Parses the body of a 2xx; an empty one says nothing. Raises SdpError only where nothing can be read."""
    if len(body) > _MAX_BYTES:
        raise SdpError(f"a body of {len(body)} bytes; {_MAX_BYTES} is the most that is read")
    text = body.replace(b"\x00", b"").decode("utf-8", "replace").strip()
    if not text:
        return SdpAnswer()
    lines = _LINE_END.split(text)
    if len(lines) > _MAX_LINES:
        raise SdpError(f"{len(lines)} lines, over {_MAX_LINES}")
    found = [(line[1], line[2].strip()) for line in map(_LINE.fullmatch, (each.strip() for each in lines)) if line]
    if not found:
        raise SdpError(f"no line of SDP in {len(body)} bytes")
    return _answer(found)


def _answer(lines: list[tuple[str, str]]) -> SdpAnswer:
    values: dict[str, str] = {}
    for key, value in lines:
        values.setdefault(key, value)
    video = next((media for key, value in lines if key == "m" and (media := _MEDIA.match(value))), None)
    attributes = [value for key, value in lines if key == "a"]
    named = {found[1].lower(): found[2].lower() for found in map(_ATTRIBUTE.match, attributes) if found}
    return SdpAnswer(
        host=_host(values.get("c", "")) or _host(values.get("o", "")),
        port=_within(video[1], 65_535) or 0 if video else 0,
        is_tcp=video is not None and "TCP" in video[2].upper(),
        setup=named.get("setup"),
        ssrc=_ssrc(values.get("y", "")),
        filesize=_within(named.get("filesize", ""), 1 << 48),
        rtpmaps=tuple((int(m[1]), m[2]) for m in map(_RTPMAP.match, attributes) if m)[:_MAX_RTPMAPS],
        channel_id=values.get("o", "").partition(" ")[0][:_MAX_TEXT],
    )


def _host(line: str) -> str | None:
    """Returns the address at the end of a `c=` or `o=` line."""
    last = (line.split() or [""])[-1].partition("/")[0]
    try:
        address = ip_address(last)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


def _ssrc(text: str) -> int | None:
    found = _SSRC.match(text)
    return _within(found[0], 0xFFFF_FFFF) if found else None


def _within(text: str, most: int) -> int | None:
    """Reads a number from 1 on; None for any other."""
    number = int(text) if _NUMBER.fullmatch(text) else 0
    return number if 0 < number <= most else None
