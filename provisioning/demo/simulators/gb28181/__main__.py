"""Runs simulated GB/T 28181 devices: `python -m provisioning.demo.simulators.gb28181`."""

import argparse
import asyncio
import ipaddress
import json
import resource
import signal
import stat
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

from provisioning.demo.simulators.gb28181 import fleet as fleets
from provisioning.demo.simulators.gb28181 import footage as pictures
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile, device_ids
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.fleet import Fleet
from provisioning.errors import DemoError

_SPARE_FILES = 64
_FIRST_ID = "34020000001180000001"


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _fault(text: str) -> DeviceFault:
    try:
        return DeviceFault.named(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"no fault is named {text!r}; --help lists them") from None


def _code(text: str) -> str:
    if len(text) != 20 or not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a code of 20 digits")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m provisioning.demo.simulators.gb28181",
        description="Simulated GB/T 28181 devices. One JSON line of counts is printed at the end"
        " (SIGTERM, SIGINT or --for).",
        epilog=textwrap.fill("faults: " + ", ".join(fault.value for fault in DeviceFault), 100, break_on_hyphens=False),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--platform", type=_address, required=True, metavar="HOST:PORT", help="where the platform listens for SIP")
    add("--platform-id", type=_code, required=True, help="its code of 20 digits")
    add("--password-file", type=Path, required=True, help="file with the password, readable by its owner alone")
    add("--username", help="of the digest (default: each device's id)")
    add("--realm", help="domain in addresses (default: first ten digits of the platform's id)")
    add("--devices", type=int, default=1, metavar="N", help="how many (default: %(default)s)")
    add("--first-id", type=_code, default=_FIRST_ID, help="id of the first; others count on (default: %(default)s)")
    add("--channels", type=int, default=1, help="cameras of each device (default: %(default)s)")
    add("--transport", choices=("udp", "tcp"), default="udp", help="of the signalling (default: %(default)s)")
    add("--gb-version", choices=("2.0", "3.0", "none"), default="2.0", help="X-GB-Ver (default: %(default)s)")
    add("--interval", type=float, default=60.0, metavar="S", help="between keepalives (default: %(default)s)")
    add("--expires", type=int, default=3600, metavar="S", help="asked of the registration (default: %(default)s)")
    add("--retry", type=float, default=60.0, metavar="S", help="rest after a refusal, doubling (default: %(default)s)")
    add("--storm", action="store_true", help="all register at once; else spread over --ramp")
    add("--ramp", type=float, metavar="S", help="over which registrations are spread (default: one interval)")
    add("--media", type=Path, metavar="FILE", help="video file (H.264, H.265) or footage to send (default: drawn)")
    add("--codec", choices=("h264", "h265"), default="h264", help="of drawn pictures (default: %(default)s)")
    add("--pictures", type=int, metavar="N", help="a live stream falls silent after N pictures")
    add("--pace", type=float, default=1.0, help="seconds of media sent in a second (default: %(default)s)")
    add("--fault", type=_fault, action="append", default=[], metavar="NAME", help="misbehave so; may be repeated")
    add("--loss", type=float, default=0.02, help="share of packets that --fault loss drops (default: %(default)s)")
    add("--skew", type=float, default=0.0, metavar="S", help="clock error until the platform's Date is followed")
    add("--seed", type=int, default=1, help="of loss and reordering (default: %(default)s)")
    add("--alarm-every", type=float, metavar="S", help="each device raises an alarm so often")
    add("--bind", type=ipaddress.IPv4Address, default="127.0.0.1", help="local address (default: %(default)s)")
    add("--hosts", type=int, default=1, metavar="N", help="spread over N addresses from --bind on")
    add("--sockets", type=int, metavar="N", help="devices share N UDP sockets (default: one each)")
    add("--for", type=float, dest="for_s", metavar="S", help="end after so long")
    add("--report-every", type=float, metavar="S", help="print the counts at the start and so often, too")
    add("--unregister", action="store_true", help="un-register at the end; else they vanish as at a power cut")
    return parser


def _password(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise DemoError(f"{path}: others may read this password (mode {mode:04o}); run: chmod 600 {path}")
    return path.read_text(encoding="utf-8").strip()


def _profile(options: argparse.Namespace) -> DeviceProfile:
    return DeviceProfile(
        options.platform_id,
        _password(options.password_file),
        username=options.username,
        realm=options.realm,
        transport=options.transport,
        gb_version="" if options.gb_version == "none" else options.gb_version,
        heartbeat_s=options.interval,
        expires_s=options.expires,
        retry_s=options.retry,
        channels=options.channels,
        skew_s=options.skew,
        faults=frozenset(options.fault),
        loss=options.loss,
        pace=options.pace,
        pictures=options.pictures,
        seed=options.seed,
    )


def _fleet(options: argparse.Namespace) -> Fleet:
    profile = _profile(options)
    film = pictures.drawn(options.codec) if options.media is None else pictures.load(options.media)
    ramp_s = options.interval if options.ramp is None else options.ramp
    return Fleet(
        options.platform,
        [(profile, device_id) for device_id in device_ids(options.first_id, options.devices)],
        film,
        hosts=[str(options.bind + n) for n in range(options.hosts)],
        sockets=options.sockets,
        ramp_s=0.0 if options.storm else ramp_s,
    )


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _SPARE_FILES
    if soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise DemoError(f"{count} sockets, and this process may open {hard} files: give --sockets, or raise ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _report(fleet: Fleet, begun_s: float) -> None:
    totals = {
        "devices": len(fleet.devices),
        "registered": fleet.registered,
        "sessions": fleet.sessions,
        "elapsed_s": round(time.monotonic() - begun_s, 1),
        "cpu_s": round(time.process_time(), 2),
        **fleet.counts.as_dict(),
    }
    sys.stdout.write(json.dumps(totals) + "\n")
    sys.stdout.flush()


async def _alarms(fleet: Fleet, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        for device in fleet.devices:
            if device.is_registered:
                device.raise_alarm(fleets.now())
                fleet.settle(device)


async def _reports(fleet: Fleet, every_s: float, begun_s: float) -> None:
    while True:
        _report(fleet, begun_s)
        await asyncio.sleep(every_s)


async def _run(options: argparse.Namespace, fleet: Fleet) -> None:
    begun_s = time.monotonic()
    asked_to_end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_end.set)
    works = [asyncio.ensure_future(fleet.run()), asyncio.ensure_future(asked_to_end.wait())]
    if options.alarm_every is not None:
        works.append(asyncio.ensure_future(_alarms(fleet, options.alarm_every)))
    if options.report_every is not None:
        works.append(asyncio.ensure_future(_reports(fleet, options.report_every, begun_s)))
    done, _ = await asyncio.wait(works, timeout=options.for_s, return_when=asyncio.FIRST_COMPLETED)
    if options.unregister:
        await fleet.leave()
    _report(fleet, begun_s)
    for work in works:
        work.cancel()
    await asyncio.gather(*works, return_exceptions=True)
    for work in done:
        work.result()  # what ended by itself ended by an error


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def main(arguments: list[str] | None = None) -> None:
    """Runs devices until a signal or a time ends them; a fault is one line on stderr and exit code 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        fleet = _fleet(options)
        if options.transport == "tcp" or options.sockets is None:
            _allow_files(options.devices)
        asyncio.run(_run(options, fleet))
    except* (DemoError, OSError) as errors:
        parser.exit(2, "".join(f"{error}\n" for error in _leaves(errors)))


if __name__ == "__main__":
    main()
