"""Every fault by name does something, and a test says what."""

import re
from pathlib import Path

import pytest

from provisioning.demo.simulators.gb28181 import faults
from provisioning.demo.simulators.gb28181.faults import DeviceFault

CODE = Path(faults.__file__).parent
TESTS = Path(__file__).parent


def named_in(folder: Path) -> set[str]:
    files = [path for path in folder.glob("*.py") if path.name not in {"faults.py", "test_faults.py"}]
    return {
        name
        for path in files
        for name in re.findall(r"\bDeviceFault\.([A-Z0-9_]+)\b", path.read_text(encoding="utf-8"))
    }


def test_every_fault_is_acted_on_and_tested() -> None:
    assert {fault.name for fault in DeviceFault} - named_in(CODE) == set()
    assert {fault.name for fault in DeviceFault} - named_in(TESTS) == set()


def test_every_fault_says_what_it_is() -> None:
    text = Path(faults.__file__).read_text(encoding="utf-8")
    for fault in DeviceFault:
        assert re.search(rf'{fault.name} = "{fault.value}".*\n    """\S.+\.?"""', text), fault


def test_names() -> None:
    assert DeviceFault.named("no-psm") is DeviceFault.NO_PSM
    with pytest.raises(ValueError, match="no-such"):
        DeviceFault.named("no-such")
