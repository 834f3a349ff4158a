"""Media of GB/T 28181 devices, PS in RTP, against PyAV that reads the same pictures from a file; and what loss leaves.

film (1080p25, 4 Mbit/s) ─┬─▶ PS/RTP in memory, or over loopback UDP ─▶ Receiver ─▶ pictures, keyframes decoded
                          └─▶ elementary stream in a file ─▶ PyAV ─▶ the same
"""

import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av

from bench.edge.film import GOP, RATE, film
from bench.measure import Comparison, compare, cpu_ms
from edge_agent.gb28181.media.depacketizer import AccessUnit, Receiver
from edge_agent.sources.capture_time import CaptureTime
from edge_agent.sources.rtsp.keyframe_decoder import StreamDecoder
from provisioning.contracts.wire.messages import ClockQuality
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.footage import Codec, Footage, annexb
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.stream import Stream

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

CODECS: Final[tuple[Codec, ...]] = ("h264", "h265")
FORMATS: Final[dict[Codec, str]] = {"h264": "h264", "h265": "hevc"}
RUNS: Final = 7
CAMERAS: Final = 30
LIVE_S: Final = 10.0
LOSS: Final = 0.02
LOSSY_STREAMS: Final = 20
LOSSY_S: Final = 40
_HOST: Final = "127.0.0.1"
_SSRC: Final = 200_000_001
_STEP_S: Final = 0.0005
_FILE: Final = "PyAV, the same elementary stream from a file"


@dataclass(frozen=True)
class Reel:
    """One codec's film in both forms."""

    codec: Codec
    path: Path
    footage: Footage
    packets: tuple[bytes, ...]

    @property
    def pictures(self) -> int:
        """How many."""
        return len(self.footage.units)


def measure(scratch: Path) -> Iterator[Comparison]:
    """CPU for each picture, packet and camera; what 2 % loss leaves."""
    reels = [_reel(scratch, codec) for codec in CODECS]
    for reel in reels:
        yield from _from_memory(reel)
    yield from _live(reels)
    for reel in reels:
        yield from _lossy(reel)


def _reel(scratch: Path, codec: Codec) -> Reel:
    units = film(scratch / f"gb28181.{codec}", codec)
    path = scratch / f"elementary.{codec}"
    path.write_bytes(b"".join(units))
    footage = annexb(codec, units, Fraction(RATE))
    return Reel(codec, path, footage, tuple(packet for burst in _bursts(footage) for packet in burst))


def _bursts(footage: Footage, pictures: int | None = None) -> list[list[bytes]]:
    """Packets by picture."""
    stream = _stream(footage)
    return [stream.burst().packets for _ in range(pictures or len(footage.units))]


def _stream(footage: Footage, *faults: DeviceFault, seed: int = 1) -> Stream:
    profile = DeviceProfile("34020000002000000001", "none", faults=frozenset(faults), loss=LOSS, seed=seed)
    return Stream(footage, MediaOrder("udp", (_HOST, 1), _SSRC, None, 1.0), profile)


# --- from memory


def _from_memory(reel: Reel) -> Iterator[Comparison]:
    yield compare(
        f"{reel.codec} PS/RTP to whole pictures",
        "CPU us a picture",
        lambda: _per(reel.pictures, partial(_received, reel)),
        lambda: _per(reel.pictures, partial(_demuxed, reel)),
        baseline_is=f"{_FILE}: demux",
        runs=RUNS,
    )
    yield compare(
        f"{reel.codec} PS/RTP to decoded keyframes",
        "CPU us a picture",
        lambda: _per(reel.pictures, partial(_seen, reel)),
        lambda: _per(reel.pictures, partial(_decoded, reel)),
        baseline_is=f"{_FILE}: demux, decode keyframes",
        runs=RUNS,
    )
    yield compare(
        f"{reel.codec} an RTP packet ({len(reel.packets) / reel.pictures:.1f} a picture)",
        "CPU us",
        lambda: _per(len(reel.packets), partial(_received, reel)),
        lambda: _per(len(reel.packets), partial(_demuxed, reel)),
        baseline_is=f"{_FILE}: demux, shared out among as many",
        runs=RUNS,
    )


def _per(number: int, work: Callable[[], object]) -> float:
    return cpu_ms(work) * 1000 / number


def _units(reel: Reel) -> Iterator[AccessUnit]:
    receiver, now_s = Receiver("udp", _SSRC), 0.0
    for packet in reel.packets:
        now_s += _STEP_S
        receiver.receive_datagram(packet, _HOST, now_s)
        while (event := receiver.next_event()) is not None:
            if not isinstance(event, AccessUnit):
                raise TypeError(f"nothing was lost, and {event} came")
            yield event


def _received(reel: Reel) -> None:
    _expect(sum(1 for _ in _units(reel)), reel.pictures)


def _demuxed(reel: Reel) -> None:
    with av.open(str(reel.path), format=FORMATS[reel.codec]) as container:
        _expect(sum(packet.size > 0 for packet in container.demux(video=0)), reel.pictures)


def _seen(reel: Reel) -> None:
    eye = StreamDecoder(_decoder(reel.codec))
    _expect(sum(_look(eye, unit) for unit in _units(reel)), reel.pictures // GOP)


def _look(eye: StreamDecoder, unit: AccessUnit) -> int:
    """Pictures that came of it."""
    packet = av.Packet(unit.data)
    packet.is_keyframe = unit.is_keyframe
    if not eye.needs(packet):
        return 0
    return sum(1 for _ in eye.decode(packet, CaptureTime(0, ClockQuality.ARRIVAL, "", None)))


def _decoded(reel: Reel) -> None:
    with av.open(str(reel.path), format=FORMATS[reel.codec]) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        _expect(sum(1 for _ in container.decode(stream)), reel.pictures // GOP)


def _decoder(codec: Codec) -> "VideoCodecContext":
    decoder = cast("VideoCodecContext", av.CodecContext.create(FORMATS[codec], "r"))
    decoder.thread_type = "NONE"
    decoder.thread_count = 1
    return decoder


def _expect(came: int, sent: int) -> None:
    """A stream's last picture has no next one that ends it."""
    if not sent - 1 <= came <= sent:
        raise ValueError(f"{came} of {sent} pictures came")


# --- over loopback UDP, at the pace of cameras


def _live(reels: list[Reel]) -> Iterator[Comparison]:
    """Each camera in a process of its own, half of them H.265."""
    for looks, baseline in ((False, _demuxed), (True, _decoded)):
        other = CAMERAS * RATE * statistics.mean(_per(reel.pictures, partial(baseline, reel)) for reel in reels) / 1e6
        figures = {"extrapolated from one": CAMERAS * statistics.mean(_cores([reel], looks=looks) for reel in reels)}
        if not looks:
            figures["measured"] = _cores([reels[number % len(reels)] for number in range(CAMERAS)], looks=looks)
        for how, figure in figures.items():
            yield Comparison(
                name=f"{CAMERAS} cameras over UDP, {'keyframes decoded' if looks else 'received'}, {how}",
                unit="cores",
                ours=figure,
                baseline=other,
                ratio=figure / other,
                baseline_is=f"{_FILE}: {'demux, decode keyframes' if looks else 'demux'}",
                runs=1,
            )


def _cores(reels: list[Reel], *, looks: bool) -> float:
    """Processor time of all that receive, for each second.

    Raises:
        ValueError: pictures were lost on the way.
    """
    command = [
        sys.executable,
        "-m",
        "bench.edge.gb28181_camera",
        str(_SSRC),
        str(LIVE_S),
        "look" if looks else "receive",
    ]
    with ExitStack() as stack:
        cameras = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) for _ in range(len(reels))
        ]
        lines = [camera.stdout for camera in cameras if camera.stdout is not None]
        ports = [int(line.readline()) for line in lines]
        _send([_bursts(reel.footage, pictures=int(LIVE_S * RATE)) for reel in reels], ports)
        told = [json.loads(line.readline()) for line in lines]
    for each in told:
        _expect(each["pictures"], int(LIVE_S * (RATE / GOP if looks else RATE)))
    return sum(float(each["cpu_s"]) for each in told) / LIVE_S


def _send(films: list[list[list[bytes]]], ports: list[int]) -> None:
    """One picture of each in every fortieth of a second, one camera after the other."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        due_s = time.monotonic()
        for bursts in zip(*films, strict=True):
            for burst, port in zip(bursts, ports, strict=True):
                for packet in burst:
                    sock.sendto(packet, (_HOST, port))
                due_s += 1 / (RATE * len(films))
                time.sleep(max(0.0, due_s - time.monotonic()))  # as cameras send: at 25 pictures a second


# --- with loss


def _lossy(reel: Reel) -> Iterator[Comparison]:
    """What comes of packets of which 2 % are lost and others overtake one another."""
    sent = {unit.data for unit in reel.footage.units}
    keyframes = [unit.data for unit in reel.footage.units if unit.is_keyframe]
    bursts = _bursts(reel.footage)
    allowed = statistics.mean(
        (1 - LOSS) ** len(burst) for burst, unit in zip(bursts, reel.footage.units, strict=False) if unit.is_keyframe
    )
    came = wrong = survived = whole = held = 0
    for seed in range(LOSSY_STREAMS):
        receiver, now_s = Receiver("udp", _SSRC), 0.0
        stream = _stream(reel.footage, DeviceFault.LOSS, DeviceFault.REORDER, seed=seed)
        for _ in range(LOSSY_S * RATE):
            burst = stream.burst()
            whole += burst.is_keyframe and not burst.dropped
            for packet in burst.packets:
                now_s += _STEP_S
                receiver.receive_datagram(packet, _HOST, now_s)
                held = max(held, receiver.held_bytes)
                for event in iter(receiver.next_event, None):
                    if isinstance(event, AccessUnit):
                        came += 1
                        wrong += event.data not in sent
                        survived += event.is_keyframe
    of_all = LOSSY_STREAMS * LOSSY_S * RATE // GOP
    share = survived / of_all
    where = f"{reel.codec}, {LOSS:.0%} loss and reordering"
    yield Comparison(
        f"{where}: keyframes that survive", "share", share, allowed, share / allowed, f"(1-p)^packets, of {of_all}", 1
    )
    ratio = survived / whole
    yield Comparison(f"{where}: keyframes that come out", "keyframes", survived, whole, ratio, "that lost no packet", 1)
    yield Comparison(
        f"{where}: pictures not as they were sent", "pictures", wrong, came, wrong / came, "pictures that came", 1
    )
    most = max(map(len, keyframes)) / 1024
    yield Comparison(f"{where}: held at most", "KiB", held / 1024, most, held / 1024 / most, "the largest keyframe", 1)
