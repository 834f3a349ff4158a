"""Simulates cameras: an RTSP server that plays encoded footage for ever, with timestamps that never jump back.

Runs on the system's own python3, the only one that sees Debian's `gi`, so it imports nothing of the project and `gi`
only when it serves. The pictures are not re-encoded: `appsrc` is fed whole access units from a footage file, which
costs 0.19 core for 30 streams and keeps every timestamp exact (`multifilesrc` gives each picture time 0, measured).

A footage file is written by `provisioning.demo.encode` or by a test, all integers big endian:

    magic  b"WAYF"
    codec  4 bytes: b"h264", b"h265" or b"mjpg"
    rate   u32 / u32: pictures a second
    then for each access unit, in decoding order (no B-frames, so that is also the order of display):
    length u32, and so many bytes in Annex B form, with parameter sets in front of every keyframe; of mjpg a JPEG
"""

import argparse
import json
import signal
import stat
import struct
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_HEAD = struct.Struct(">4s4sII")
_LENGTH = struct.Struct(">I")
_MAGIC = b"WAYF"
_MAX_UNIT_BYTES = 16 * 1024 * 1024
_ANNEX_B = "stream-format=byte-stream,alignment=au"
# config-interval=-1 repeats the parameter sets with every keyframe: a client that joins late can decode.
_PIPELINES = {
    "h264": (f"video/x-h264,{_ANNEX_B} ! h264parse", "rtph264pay name=pay0 pt=96 config-interval=-1"),
    "h265": (f"video/x-h265,{_ANNEX_B} ! h265parse", "rtph265pay name=pay0 pt=96 config-interval=-1"),
    "mjpg": ("image/jpeg ! jpegparse", "rtpjpegpay name=pay0 pt=26"),
}
_NANOSECONDS = 1_000_000_000
_NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900, when NTP begins, to 1970."""
_CLOCK_TIME = 3
"""`ntp-time-source` of GStreamer's rtpbin: sender reports tell the clock of the pipeline."""
_TICK_MS = 5
"""Interval of sending: a picture leaves at most this late; 25 pictures a second are 40 ms apart."""


class FootageFormatError(ValueError):
    """A footage file is damaged; the text names file and offset."""


class PortTakenError(RuntimeError):
    """Another program listens on the port."""


class FootageFile(NamedTuple):
    """Encoded pictures of one camera."""

    codec: str
    rate: tuple[int, int]
    """Pictures a second as a fraction."""
    units: tuple[bytes, ...]

    def pts_ns(self, number: int) -> int:
        """Returns the presentation time of the n-th picture since the start, over all loops."""
        numerator, denominator = self.rate
        return number * denominator * _NANOSECONDS // numerator


def write_footage(path: Path, codec: str, rate: tuple[int, int], units: Iterable[bytes]) -> None:
    """Writes a footage file atomically: a reader sees all of it or the previous one."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(_HEAD.pack(_MAGIC, codec.encode("ascii"), *rate))
        for unit in units:
            file.write(_LENGTH.pack(len(unit)))
            file.write(unit)
    part.replace(path)


def read_footage(path: Path) -> FootageFile:
    """Reads a footage file.

    Raises:
        FootageFormatError: not such a file, cut short, or empty.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        raise FootageFormatError(f"{path}: not a footage file; make one with: python -m provisioning.demo.encode")
    _, codec_bytes, numerator, denominator = _HEAD.unpack_from(data)
    codec = codec_bytes.decode("ascii", "replace")
    if codec not in _PIPELINES or not numerator or not denominator:
        raise FootageFormatError(f"{path}: codec {codec!r} at {numerator}/{denominator} a second cannot be played")
    units = []
    offset = _HEAD.size
    while offset < len(data):
        if offset + _LENGTH.size > len(data):
            raise FootageFormatError(f"{path}: cut short at byte {offset}")
        (length,) = _LENGTH.unpack_from(data, offset)
        offset += _LENGTH.size
        if not 0 < length <= _MAX_UNIT_BYTES or offset + length > len(data):
            raise FootageFormatError(f"{path}: access unit of {length} bytes at byte {offset} is impossible")
        units.append(data[offset : offset + length])
        offset += length
    if not units:
        raise FootageFormatError(f"{path}: holds no picture")
    return FootageFile(codec, (numerator, denominator), tuple(units))


class _Feed:
    """Pushes one camera's access units into its `appsrc` when they are due."""

    def __init__(
        self, gst: Any, source: Any, mounts: Mapping[str, FootageFile], path: str, stall_after_s: float
    ) -> None:
        """`mounts` may change meanwhile: the footage of `path` is looked up for each picture."""
        self._gst = gst
        self._source = source
        self._mounts = mounts
        self._path = path
        self._duration_ns = mounts[path].pts_ns(1)
        self._stall_after_ns = stall_after_s * _NANOSECONDS
        self._started_ns = time.monotonic_ns()
        self._number = 0
        self.ended = False

    def push_due(self) -> bool:
        """Pushes the units that are due. Returns False when the feed is over."""
        elapsed_ns = time.monotonic_ns() - self._started_ns
        footage = self._mounts[self._path]
        units = footage.units
        while not self.ended and (pts_ns := footage.pts_ns(self._number)) <= elapsed_ns:
            if self._stall_after_ns and pts_ns > self._stall_after_ns:
                return False
            buffer = self._gst.Buffer.new_wrapped(units[self._number % len(units)])
            buffer.pts = buffer.dts = pts_ns
            buffer.duration = self._duration_ns
            # Anything but OK: the media is being taken down, and with it this feed.
            self.ended = self._source.emit("push-buffer", buffer) != self._gst.FlowReturn.OK
            self._number += 1
        return not self.ended


def _mount(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not separator or not name or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE")
    return "/" + name.strip("/"), Path(path)


def _seconds(text: str) -> tuple[str, float]:
    name, separator, seconds = text.partition("=")
    try:
        return "/" + name.strip("/"), float(seconds)
    except ValueError:
        fault = "is not NAME=SECONDS" if separator else "names no mount: write NAME=SECONDS"
        raise argparse.ArgumentTypeError(f"{text!r} {fault}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Play footage files as RTSP cameras, for ever.")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8554, help="TCP port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--mount",
        type=_mount,
        action="append",
        required=True,
        metavar="NAME=FILE",
        help="serve footage FILE as rtsp://ADDRESS:PORT/NAME; may be given several times",
    )
    parser.add_argument("--user", help="ask for this user by digest authentication")
    parser.add_argument("--password-file", type=Path, help="file with the password, readable by its owner alone")
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="S", help="look S seconds for a password file that is not there yet"
    )
    parser.add_argument(
        "--stall-after",
        type=_seconds,
        action="append",
        default=[],
        metavar="NAME=S",
        help="this mount falls silent, connected, after S seconds of each stream; may be given several times",
    )
    parser.add_argument(
        "--clock-error",
        type=_seconds,
        action="append",
        default=[],
        metavar="NAME=S",
        help="this mount's sender reports tell a clock that is S seconds ahead; may be given several times",
    )
    return parser


def _wait_for(file: Path, wait_s: float) -> None:
    """Waits until the file is there. SIGINT and SIGTERM end the program, also as a container's first process."""
    if wait_s <= 0 or file.exists():
        return
    ends = {signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    end_s = time.monotonic() + wait_s
    sys.stderr.write(f"{file}: is not there yet; waiting up to {wait_s:.0f} s for it\n")
    sys.stderr.flush()
    while not file.exists() and time.monotonic() < end_s:
        if signal.sigtimedwait(ends, 0.5) is not None:
            raise SystemExit(0)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _password(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise PermissionError(f"{path}: others may read this password (mode {mode:04o}); run: chmod 600 {path}")
    return path.read_text(encoding="utf-8").strip()


def _read_again(mounts: dict[str, FootageFile], files: Iterable[tuple[str, Path]]) -> bool:
    """Reads the footage of every mount again. True: to be called at the next signal, too."""
    mounts.update((path, read_footage(file)) for path, file in files)
    return True


def _serve(options: argparse.Namespace, mounts: dict[str, FootageFile], password: str | None) -> None:
    import gi  # noqa: PLC0415 - only the system's python has it, and --help must work without

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: PLC0415 - the versions must be chosen first

    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address(options.address)
    server.set_service(str(options.port))
    if password is not None:
        auth = GstRtspServer.RTSPAuth.new()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
        auth.add_digest(options.user, password, token)
        server.set_auth(auth)

    class OwnClockMedia(GstRtspServer.RTSPMedia):  # type: ignore[misc]  # `gi` has no types
        """Media whose sender reports tell its pipeline's clock and not this machine's."""

        def do_setup_rtpbin(self, rtpbin: Any) -> bool:
            rtpbin.set_property("ntp-time-source", _CLOCK_TIME)
            return True

    def feed(_factory: Any, media: Any, path: str) -> None:
        source = media.get_element().get_by_name_recurse_up("source")
        GLib.timeout_add(_TICK_MS, _Feed(Gst, source, mounts, path, stalls.get(path, 0.0)).push_due)

    stalls, errors = dict(options.stall_after), dict(options.clock_error)
    for path, footage in mounts.items():
        caps, pay = _PIPELINES[footage.codec]
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(
            f"( appsrc name=source is-live=true format=time block=false max-bytes=0 caps={caps} ! {pay} )"
        )
        factory.set_shared(True)
        factory.connect("media-configure", feed, path)
        if path in errors:
            clock = Gst.SystemClock(clock_type=Gst.ClockType.REALTIME)
            now_ns = clock.get_internal_time()
            ahead_ns = round((_NTP_EPOCH_S + errors[path]) * _NANOSECONDS)
            clock.set_calibration(now_ns, now_ns + ahead_ns, 1, 1)
            factory.set_clock(clock)
            factory.set_media_gtype(OwnClockMedia.__gtype__)
        if password is not None:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_role("viewer")
            for permission in (
                GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS,
                GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
            ):
                permissions.add_permission_for_role("viewer", permission, True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_HIGH, signal.SIGHUP, _read_again, mounts, options.mount)
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, loop.quit)
    if server.attach(None) == 0:
        raise PortTakenError(f"port {options.port} of {options.address} is taken: give another with --port")
    sys.stdout.write(json.dumps({"port": server.get_bound_port(), "mounts": sorted(mounts)}) + "\n")
    sys.stdout.flush()
    loop.run()


def main(arguments: list[str] | None = None) -> None:
    """Serves until SIGINT or SIGTERM. One JSON line on stdout (`port`, `mounts`) announces that it listens.

    SIGHUP reads the footage again, and no stream is interrupted. A fault is one line on stderr and exit code 2.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.user is None) != (options.password_file is None):
        parser.exit(2, "--user and --password-file go together\n")
    try:
        mounts = {path: read_footage(file) for path, file in options.mount}
        strangers = sorted({path for path, _ in [*options.stall_after, *options.clock_error]} - mounts.keys())
        if strangers:
            parser.exit(2, f"{strangers[0].strip('/')}: no such mount; give it with --mount as well\n")
        if options.password_file is not None:
            _wait_for(options.password_file, options.wait)
        password = None if options.password_file is None else _password(options.password_file)
        _serve(options, mounts, password)
    except (FootageFormatError, PortTakenError, OSError) as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
