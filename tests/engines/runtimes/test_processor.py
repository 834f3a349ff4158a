"""A quantised network runs where its sums are exact and fast; elsewhere it is refused by name."""

from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from engines.errors import ProcessorUnfit
from engines.runtimes import processor
from engines.runtimes.processor import check_bits, weight_bits

CPUINFO = "processor : 0\nmodel name : some\nflags\t\t: fpu {}\n\nprocessor : 1\n"


@pytest.mark.parametrize(
    ("machine", "flags", "bits"),
    [
        ("x86_64", "avx avx2 avx512f avx512_vnni", 8),
        ("x86_64", "avx avx2 avx_vnni", 8),
        ("x86_64", "avx avx2 avx512f", 7),
        ("aarch64", "", 8),
    ],
)
def test_the_flags_of_a_processor_say_how_many_bits(machine: str, flags: str, bits: int) -> None:
    assert weight_bits("nanodet", machine=machine, cpuinfo=CPUINFO.format(flags)) == bits


def test_a_processor_without_avx2_is_named() -> None:
    with pytest.raises(ProcessorUnfit, match=r"nanodet: this processor \(x86_64\) has no AVX2; run .* float32"):
        weight_bits("nanodet", machine="x86_64", cpuinfo=CPUINFO.format("avx sse4_2"))


def test_eight_bits_are_not_loaded_where_their_sums_overflow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    processor.CPUINFO.write_text(CPUINFO.format("avx2"))
    check_bits("nanodet-int7", 7)
    with pytest.raises(ProcessorUnfit, match=r"nanodet-g-416-int8: .* has no VNNI"):
        Catalog(tmp_path).load("nanodet-g-416-int8")
