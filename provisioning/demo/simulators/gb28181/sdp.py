"""Reads the platform's offer and writes the device's answer (GB/T 28181 annex on SDP)."""

import ipaddress
import re
from typing import Final, Literal, NamedTuple

from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault

Transport = Literal["udp", "tcp_passive", "tcp_active"]
"""Named by the platform's part: passive listens (the device connects), active connects (the device listens)."""
_MAX_UNIX_S: Final = 1 << 40


class SdpTextError(ValueError):
    """The offer cannot be read; the text says why."""


class SdpOffer(NamedTuple):
    """Offer of the platform."""

    name: str
    """Kind of session: Play, Playback or Download."""
    host: str
    port: int
    transport: Transport
    y: str
    """Ten digits, or "" if the platform left it out."""
    span: tuple[int, int] | None
    """Span of a playback in UNIX seconds."""
    speed: float
    payloads: tuple[int, ...]


class MediaOrder(NamedTuple):
    """Media that a session sends, and the address it sends to."""

    transport: Transport
    remote: tuple[str, int]
    ssrc: int
    span: tuple[int, int] | None
    speed: float


def parse(body: bytes) -> SdpOffer:
    """Reads an offer.

    Raises:
        SdpTextError: no address, port or span can be read from it.
    """
    lines = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    first: dict[str, str] = {}
    for line in lines:
        if line[1:2] == "=":
            first.setdefault(line[0], line[2:].strip())
    attributes = [line[2:] for line in lines if line.startswith("a=")]
    media = re.fullmatch(r"video (\d{1,5}) (\S+)((?: \d{1,3})*)", first.get("m", ""), re.ASCII)
    if media is None or not 0 < int(media[1]) < 65536:
        raise SdpTextError(f"no video port in m={first.get('m', '')[:40]!r}")
    host = first.get("c", "").rpartition(" ")[2]
    try:
        ipaddress.IPv4Address(host)
    except ValueError as error:
        raise SdpTextError(f"no IPv4 address in c={host[:40]!r}") from error
    transport: Transport = "udp"
    if "TCP" in media[2].upper():
        transport = "tcp_active" if "setup:active" in attributes else "tcp_passive"
    name = first.get("s", "")
    speeds = [value for value in (_number(a, "downloadspeed:") for a in attributes) if value]
    return SdpOffer(
        name,
        host,
        int(media[1]),
        transport,
        first.get("y", ""),
        _span(first.get("t", "")) if name in {"Playback", "Download"} else None,
        speeds[0] if speeds else 1.0,
        tuple(map(int, media[3].split())),
    )


def _number(attribute: str, name: str) -> float:
    text = attribute.removeprefix(name)
    return float(text) if text != attribute and re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text, re.ASCII) else 0.0


def _span(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,13}) (\d{1,13})", text, re.ASCII)
    if found is None or not int(found[1]) < int(found[2]) < _MAX_UNIX_S:
        raise SdpTextError(f"no span in t={text[:40]!r}")
    return int(found[1]), int(found[2])


def answer(
    offer: SdpOffer, profile: DeviceProfile, channel: str, local: tuple[str, int], y: str, size_bytes: int
) -> bytes:
    """Writes the device's answer, with its faults."""
    if profile.has(DeviceFault.NO_SDP):
        return b""
    host, port = local
    protocol = "RTP/AVP" if offer.transport == "udp" else "TCP/RTP/AVP"
    payload, encoding = 96, "PS"
    if profile.has(DeviceFault.RAW_VIDEO):
        payload, encoding = 98, "H264"
    lines = [
        "v=0",
        f"o={channel} 0 0 IN IP4 {host}",
        f"s={offer.name}",
        f"c=IN IP4 {host}",
        "t={} {}".format(*(offer.span or (0, 0))),
        f"m=video {0 if profile.has(DeviceFault.VIDEO_ZERO) else port} {protocol} {payload}",
        "a=sendonly",
        f"a=rtpmap:{payload} {encoding}/90000",
    ]
    if offer.transport != "udp":
        lines += [f"a=setup:{'passive' if offer.transport == 'tcp_active' else 'active'}", "a=connection:new"]
    if offer.name == "Download":
        lines.append(f"a=filesize:{size_bytes}")
    if profile.has(DeviceFault.ZERO_Y):
        lines.append("y=0000000000")
    elif not profile.has(DeviceFault.NO_Y):
        lines.append(f"y={y}")
    lines.append("f=")
    return ("\r\n".join(lines) + "\r\n").encode()
