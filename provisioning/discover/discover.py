"""Finds cameras for `wayside-provision discover`, and proposes the lines of a camera list for them.

ONVIF devices that answer a probe, servers that speak RTSP, and GB/T 28181 devices that register with an agent. It logs
in nowhere and changes nothing.
"""

import ipaddress
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.contracts.config.processes import read_secret
from provisioning.discover import devices, proposal, rtsp, udp, ws_discovery
from provisioning.discover.proposal import Proposal
from provisioning.errors import DiscoveryError
from provisioning.files import durable
from provisioning.output import CommandResult, table


@dataclass(frozen=True, slots=True)
class DiscoverOptions:
    """Options of `discover`: networks and hosts to ask, and the list to write."""

    interfaces: tuple[str, ...] = ()
    onvif: tuple[str, ...] = ()
    """Hosts (`HOST:PORT`) to ask directly, beyond multicast's reach. Empty: the multicast group alone."""
    rtsp: tuple[str, ...] = ()
    devices: Path | None = None
    out: Path | None = None
    username: str = ""
    password_file: Path | None = None
    wait_s: float = 4.0
    multicast: bool = True


def discover(wish: DiscoverOptions) -> CommandResult:
    """Searches for cameras, and proposes a list. Exit code 1: none was found, and no list is written.

    Raises:
        DiscoveryError: an option cannot be carried out.
        ConfigError: the password's file is of no use.
    """
    password = "" if wish.password_file is None else read_secret(wish.password_file)
    listed = None if wish.devices is None else devices.read(wish.devices)
    targets = [_place(each) for each in wish.onvif] + ([ws_discovery.MULTICAST] if wish.multicast else [])
    candidates = [each for text in wish.rtsp for each in rtsp.places(text)]
    if len(candidates) > rtsp.MAX_HOSTS:
        raise DiscoveryError(f"--rtsp: {len(candidates)} hosts, at most {rtsp.MAX_HOSTS} at a time")
    answers = (
        udp.probe_devices(targets, wish.interfaces, wish.wait_s, lambda: f"urn:uuid:{uuid.uuid4()}") if targets else []
    )
    speakers = rtsp.probe(_candidates(answers, candidates), timeout_s=2.0)
    found = proposal.distinct([*_streams(answers, speakers), *([] if listed is None else _registered(listed))])
    odd = [*_odd(answers, speakers)]
    if wish.out is not None and found:
        text = proposal.csv_text(found, wish.username, password)
        try:
            durable.write(wish.out, text.encode())
        except OSError as error:
            raise DiscoveryError(f"{wish.out}: cannot be written ({error.strerror})") from error
    return _answer(wish, found, odd)


def _answer(wish: DiscoverOptions, found: Sequence[Proposal], odd: Sequence[tuple[str, str]]) -> CommandResult:
    facts: dict[str, Any] = {
        "cameras": [
            {
                "id": each.id,
                "name": each.name,
                "kind": each.kind,
                "url": each.url or None,
                "device_id": each.device_id or None,
                "channel_id": each.channel_id or None,
                "note": each.note,
            }
            for each in found
        ],
        "odd": [{"where": where, "why": why} for where, why in odd],
        "file": None if wish.out is None or not found else str(wish.out),
    }
    rows = [
        (each.id, each.kind, each.url or f"{each.device_id} / {each.channel_id}", each.name, each.note)
        for each in found
    ]
    shown: list[Any] = [table(("id", "kind", "where", "name", "note"), rows)] if rows else []
    shown += [f"{where}: {why}" for where, why in odd]
    if not found:
        unwritten = "" if wish.out is None else f", and {wish.out} is not written"
        shown.append(
            f"no camera was found{unwritten}: is this machine on the camera network? See --interface, --rtsp and"
            " --devices"
        )
    elif wish.out is None:
        shown.append("-o cameras.csv writes these lines for a camera list")
    else:
        shown.append(
            f"{wish.out}: look at ids, paths and passwords; then wayside-provision cameras import AGENT {wish.out}"
        )
    return CommandResult(facts, shown, 0 if found else 1)


def _candidates(answers: Iterable[udp.ProbeAnswer], given: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Returns the hosts that answered, at the usual port, and the ones that were given."""
    return [*((each.host, rtsp.PORT) for each in answers), *given]


def _streams(answers: Sequence[udp.ProbeAnswer], speakers: Sequence[rtsp.RtspServer]) -> Iterator[Proposal]:
    by_host = {each.host: each.match for each in answers if each.match is not None}
    spoken = {each.host for each in speakers if not each.trouble}
    for each in speakers:
        if each.trouble:
            continue
        match = by_host.get(each.host)
        words = [each.software] if match is None else [match.name, match.hardware, each.software]
        yield _stream(each.host, each.port, match, words, ["asks for a password"] if each.asks_password else [])
    for host, match in by_host.items():
        if host not in spoken:
            yield _stream(host, rtsp.PORT, match, [match.name, match.hardware], ["RTSP did not answer: is it enabled?"])


def _stream(
    host: str, port: int, match: ws_discovery.ProbeMatch | None, words: Sequence[str], notes: list[str]
) -> Proposal:
    path = rtsp.main_stream(words)
    notes = [
        *(["ONVIF"] if match is not None else []),
        *notes,
        "path as this maker's manual has it" if path else "its path is not known: see its manual",
    ]
    if match is not None and match.hosts and host not in match.hosts:
        notes.append(f"it calls itself {match.hosts[0]}")
    name = " ".join(dict.fromkeys(filter(None, words[:2])))
    place = host if port == rtsp.PORT else f"{host}:{port}"
    return Proposal(
        proposal.camera_id("cam", host.replace(".", "-"), "" if port == rtsp.PORT else str(port)),
        name,
        "; ".join(notes),
        url=f"rtsp://{place}{path or '/'}",
    )


def _registered(listed: devices.Listed) -> Iterator[Proposal]:
    for device in listed.devices:
        for channel in device.channels:
            if not channel.cameras:
                yield Proposal(
                    proposal.camera_id(channel.channel_id),
                    ws_discovery.plain(channel.name),
                    f"a channel of {device.device_id} that no camera names",
                    device_id=device.device_id,
                    channel_id=channel.channel_id,
                )
    for stranger in listed.strangers:
        if stranger.device_id == "?":
            continue
        host, why = ws_discovery.plain(stranger.host), ws_discovery.plain(stranger.why)
        yield Proposal(
            proposal.camera_id(stranger.device_id),
            ws_discovery.plain(stranger.software),
            f"knocks from {host}: {why}; its channel is a guess, and it needs a password",
            device_id=stranger.device_id,
            channel_id=stranger.device_id,
        )


def _odd(answers: Iterable[udp.ProbeAnswer], speakers: Iterable[rtsp.RtspServer]) -> Iterator[tuple[str, str]]:
    for answer in answers:
        if answer.trouble:
            yield answer.host, answer.trouble
    for speaker in speakers:
        if speaker.trouble:
            yield f"{speaker.host}:{speaker.port}", speaker.trouble


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    try:
        address, number = str(ipaddress.IPv4Address(host)), int(port) if port else ws_discovery.MULTICAST[1]
    except ValueError as error:
        raise DiscoveryError(f"--onvif {text}: give HOST or HOST:PORT, in IPv4 numbers") from error
    if not 0 < number < 65536:
        raise DiscoveryError(f"--onvif {text}: a port is 1 to 65535")
    return address, number
