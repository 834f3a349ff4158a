"""`wayside-provision inventory`: what each answer of the kernel and of Debian's programs says, however odd."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.errors import AcceptanceError
from provisioning.servers import hardware
from provisioning.servers.hardware import DiskArray, DiskDrive, Gpu, HardwareError, NetworkPort
from provisioning.servers.inventory import HardwareReader, Inventory
from tests.support.office import Technician

CPUINFO: Final = "\n\n".join(
    f"processor\t: {number}\nmodel name\t: Intel(R) Xeon(R)\nphysical id\t: {number % 2}\ncore id\t: {number // 4}"
    for number in range(8)
)
MDSTAT: Final = """Personalities : [raid6] [raid5] [raid4] [raid1]
md0 : active raid6 sdc[2] sdb[1] sda[0]
      23441679360 blocks super 1.2 level 6, 512k chunk, algorithm 2 [3/3] [UUU]

md1 : active (auto-read-only) raid1 sdf[1](F) sde[0]
      7813894464 blocks super 1.2 [2/1] [U_]

md2 : inactive sdg[0](S)
      7813894464 blocks super 1.2

unused devices: <none>
"""
DISK: Final = {
    "name": "sda",
    "type": "disk",
    "size": 8001563222016,
    "model": "HGST HUH728080AL",
    "rota": True,
    "tran": "sas",
}
LINKS: Final = [
    {"ifname": "lo", "operstate": "UNKNOWN"},
    {"ifname": "eno1", "operstate": "UP"},
    {"ifname": "eno2", "operstate": "DOWN"},
]


def test_processors_are_counted_by_socket_core_and_thread() -> None:
    found = hardware.parse_cpu(CPUINFO)
    assert (found.model, found.sockets, found.cores, found.threads) == ("Intel(R) Xeon(R)", 2, 4, 8)
    arm = hardware.parse_cpu("processor\t: 0\nBogoMIPS\t: 50\n\nprocessor\t: 1\n\nHardware\t: board")
    assert (arm.sockets, arm.cores, arm.threads) == (1, 2, 2)
    with pytest.raises(HardwareError, match="no processor"):
        hardware.parse_cpu("nothing")


def test_memory_is_what_the_kernel_has_online_or_else_its_total() -> None:
    assert hardware.parse_memory("", "8000000", 1024) == 128 * 2**30
    assert hardware.parse_memory("MemFree: 1 kB\nMemTotal:       131072 kB\n", "", 0) == 128 * 2**20
    for damaged in ("", "MemTotal: 0 kB", "MemTotal: x kB"):
        with pytest.raises(HardwareError):
            hardware.parse_memory(damaged, "zz", 5)


@pytest.mark.parametrize("old", [False, True])
def test_disks_are_whole_ones_also_as_an_older_lsblk_writes_them(old: bool) -> None:
    disk = DISK | ({"size": str(DISK["size"]), "rota": "1"} if old else {})
    others = [{"name": "zram0", "type": "disk", "size": 5}, {"name": "sr0", "type": "rom", "size": 5},
              {"name": "sdb", "type": "disk", "size": 0}]  # fmt: skip
    (found,) = hardware.parse_disks(json.dumps({"blockdevices": [disk, *others]}))
    assert found == DiskDrive(name="sda", model="HGST HUH728080AL", bytes=8001563222016, rotates=True, transport="sas")


def test_an_array_that_lacks_a_member_or_is_not_active_is_not_intact() -> None:
    assert hardware.parse_arrays(MDSTAT) == (
        DiskArray(name="md0", level="raid6", members=3, intact=True),
        DiskArray(name="md1", level="raid1", members=2, intact=False),
        DiskArray(name="md2", level="", members=1, intact=False),
    )
    assert hardware.parse_arrays("Personalities :\nunused devices: <none>\n") == ()


def test_ports_are_the_physical_ones_with_their_speed() -> None:
    assert hardware.parse_ports(json.dumps(LINKS), {"eno1": 10000, "eno2": None}) == (
        NetworkPort(name="eno1", up=True, mbit_s=10000),
        NetworkPort(name="eno2", up=False, mbit_s=None),
    )


def test_gpus_are_read_line_by_line() -> None:
    assert hardware.parse_gpus("Tesla T4, 15360\nTesla T4, 15360\n") == (Gpu(model="Tesla T4", memory_mib=15360),) * 2
    with pytest.raises(HardwareError, match="no GPU"):
        hardware.parse_gpus("No devices were found\n")


_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["blockdevices", *DISK, "ifname", "operstate"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(
    st.text(max_size=300)
    | _JSON.map(json.dumps)
    | st.from_regex(r"md0 : (in)?active raid1 a\[0\].*\n.*\[2/\d\] \[U_\]")
)
def test_no_answer_however_odd_ends_the_inventory(answer: str) -> None:
    for parse in (
        hardware.parse_cpu, hardware.parse_disks, hardware.parse_arrays, hardware.parse_gpus,
        lambda text: hardware.parse_memory(text, text, 1), lambda text: hardware.parse_ports(text, {"": 5}),
    ):  # fmt: skip
        with suppress(HardwareError):
            parse(answer)


@given(_JSON)
def test_an_inventory_that_was_read_can_be_written_and_read_again(answer: Any) -> None:
    with suppress(HardwareError):
        disks = hardware.parse_disks(json.dumps({"blockdevices": answer if isinstance(answer, list) else [answer]}))
        made = Inventory(server="a", host="b", taken_at_ms=0, disks=disks)
        assert Inventory.model_validate_json(made.model_dump_json()) == made


def test_answers_without_end_are_refused() -> None:
    for parse in (hardware.parse_cpu, hardware.parse_disks):
        with pytest.raises(HardwareError, match="over 4 Mi"):
            parse("x" * (hardware.MAX_CHARACTERS + 1))
    with pytest.raises(HardwareError, match="at most"):
        hardware.parse_disks(json.dumps({"blockdevices": [DISK] * (hardware.MAX_ENTRIES + 1)}))


def machine(root: Path) -> Path:
    """A server below a folder, and programs that answer as its would."""
    for name, text in {
        "proc/cpuinfo": CPUINFO, "proc/meminfo": "MemTotal: 131072 kB\n", "proc/mdstat": MDSTAT,
        "sys/class/dmi/id/sys_vendor": "Inspur\n", "sys/class/dmi/id/product_name": "NF5280M5\n",
        "sys/class/net/eno1/speed": "10000\n", "sys/class/net/eno1/device/vendor": "", "sys/class/net/veth1/speed": "1",
        "sys/class/net/eno2/speed": "-1\n", "sys/class/net/eno2/device/vendor": "",
        "sys/bus/pci/devices/0000:3b:00.0/vendor": "0x10de\n",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    programs = root / "bin"
    programs.mkdir()
    for name, answer in {"lsblk": json.dumps({"blockdevices": [DISK]}), "ip": json.dumps(LINKS)}.items():
        (programs / name).write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
        (programs / name).chmod(0o755)
    return programs


def test_a_server_is_read_and_what_cannot_be_is_named(tmp_path: Path) -> None:
    programs = machine(tmp_path)
    found = HardwareReader(tmp_path, f"{programs}:/usr/bin:/bin").take("parse", 7)
    assert (found.server, found.taken_at_ms, found.product) == ("parse", 7, "Inspur NF5280M5")
    assert found.cpu is not None
    assert (found.cpu.threads, found.memory_bytes) == (8, 128 * 2**20)
    assert [each.name for each in found.disks or ()] == ["sda"]
    assert [(each.name, each.mbit_s) for each in found.ports or ()] == [("eno1", 10000), ("eno2", None)]
    assert [each.intact for each in found.arrays or ()] == [True, False, False]
    assert (found.gpus, found.unread) == (None, {"gpus": "nvidia-smi is not installed"})  # one is on the bus
    (programs / "nvidia-smi").write_text("#!/bin/sh\necho 'driver/library version mismatch' >&2; exit 18\n")
    (programs / "nvidia-smi").chmod(0o755)
    again = HardwareReader(tmp_path, f"{programs}:/usr/bin:/bin").take("parse", 7)
    assert again.unread == {"gpus": "nvidia-smi: driver/library version mismatch"}
    with pytest.raises(AcceptanceError, match="give the name that the contract has"):
        HardwareReader(tmp_path).take("../x", 7)


def test_this_machine_is_read_by_the_command(tmp_path: Path) -> None:
    out = tmp_path / "here.json"
    technician = Technician(tmp_path)
    done = technician.types("inventory", "--server", "here", "-o", out, "--json", home=False)
    assert done.exit_code in {0, 1}, done.output  # lsblk or ip may be missing here, and is then named
    found = Inventory.model_validate_json(out.read_bytes())
    assert found == Inventory.model_validate(json.loads(done.stdout))
    assert found.cpu is not None
    assert found.cpu.threads
    assert found.memory_bytes
    assert bool(found.unread) is bool(done.exit_code)
