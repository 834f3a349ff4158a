"""Tells by the processor's flags how many bits a quantised network's weights may have.

Without VNNI the products of two neighbouring bytes are added in 16 bits, where those of eight bits overflow. Without
AVX2 there are no fast products of bytes at all.
"""

import platform
from pathlib import Path
from typing import Final

from engines.errors import ProcessorUnfit
from engines.manifest import WeightBits

CPUINFO: Final = Path("/proc/cpuinfo")
VNNI: Final = frozenset({"avx512_vnni", "avx_vnni"})
AVX2: Final = "avx2"
ARM: Final = frozenset({"aarch64", "arm64"})


def weight_bits(name: str, *, machine: str | None = None, cpuinfo: str | None = None) -> WeightBits:
    """Return the bits of the weights with which this processor runs network `name`; ARM adds bytes without overflow.

    Raises ProcessorUnfit.
    """
    kind = platform.machine() if machine is None else machine
    if kind in ARM:
        return 8
    flags = _flags(CPUINFO.read_text(encoding="utf-8") if cpuinfo is None else cpuinfo)
    if flags & VNNI:
        return 8
    if AVX2 in flags:
        return 7
    raise ProcessorUnfit(name, kind)


def check_bits(name: str, bits: WeightBits) -> None:
    """Check that this processor runs weights of so many bits without overflow. Raises ProcessorUnfit."""
    if bits > weight_bits(name):
        raise ProcessorUnfit(name, platform.machine(), "VNNI, without which sums of eight bits overflow")


def _flags(cpuinfo: str) -> frozenset[str]:
    """Read the flags of the first processor; a machine has one kind of them."""
    lines = (line for line in cpuinfo.splitlines() if line.startswith("flags"))
    return frozenset(next(lines, "").partition(":")[2].split())
