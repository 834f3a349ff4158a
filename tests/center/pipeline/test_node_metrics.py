"""Reading node exporter: each family, several servers at once, and a real one behind a real Prometheus."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.pipeline import node_metrics
from center.pipeline.node_metrics import FileSystem, Raid, ServerStorage, SmartDisk
from center.pipeline.probes import ProbeFault
from center.pipeline.third_parties import metrics
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

DISK = 'device="/dev/vda1",device_error="",fstype="ext4",mountpoint="/"'
NFS = 'device="keeper:/archive",device_error="mountpoint timeout",fstype="nfs4",mountpoint="/mnt/archive"'
PAGE = f"""\
# HELP node_filesystem_avail_bytes Filesystem space available to non-root users in bytes.
# TYPE node_filesystem_avail_bytes gauge
node_filesystem_avail_bytes{{{DISK}}} 2.5e+10
node_filesystem_size_bytes{{{DISK}}} 1e+11
node_filesystem_files{{{DISK}}} 1000
node_filesystem_files_free{{{DISK}}} 900
node_filesystem_readonly{{{DISK}}} 1
node_filesystem_device_error{{{DISK}}} 0
node_filesystem_avail_bytes{{{DISK.replace('mountpoint="/"', 'mountpoint="/bound/there"')}}} 2.5e+10
node_filesystem_size_bytes{{{DISK.replace('mountpoint="/"', 'mountpoint="/bound/there"')}}} 1e+11
node_filesystem_size_bytes{{device="tmpfs",fstype="tmpfs",mountpoint="/run"}} 1e+9
node_filesystem_device_error{{{NFS}}} 1
node_md_disks{{device="md0",state="active"}} 1
node_md_disks{{device="md0",state="failed"}} 1
node_md_disks{{device="md0",state="spare"}} 0
node_md_disks_required{{device="md0"}} 2
node_md_state{{device="md0",state="active"}} 1
node_md_state{{device="md0",state="inactive"}} 0
smartmon_device_smart_healthy{{disk="/dev/sda",type="sat"}} 1
smartmon_device_smart_healthy{{disk="/dev/sdb",type="sat"}} 0
smartctl_device_smart_status{{device="sdc"}} 1
nvme_critical_warning{{device="nvme0n1"}} 4
node_systemd_unit_state{{name="var-lib-wayside\\\\x2dcluster-archive.mount",state="failed",type=""}} 1
node_systemd_unit_state{{name="srv.mount",state="failed",type=""}} 0
node_systemd_unit_state{{name="ssh.service",state="failed",type=""}} 1
node_load1 0.4
"""


def test_each_family_is_read_and_a_bind_mount_is_no_second_disk() -> None:
    (found,) = node_metrics.read(PAGE, server="head")
    assert found == ServerStorage(
        server="head",
        file_systems=(
            FileSystem("/", "ext4", free_share=0.25, free_inodes=0.9, is_read_only=True, is_broken=False),
            FileSystem("/mnt/archive", "nfs4", None, None, is_read_only=False, is_broken=True),
        ),
        raids=(Raid("md0", active=1, required=2, failed=1, is_running=True),),
        disks=(
            SmartDisk("/dev/sda", is_healthy=True),
            SmartDisk("/dev/sdb", is_healthy=False),
            SmartDisk("nvme0n1", is_healthy=False),
            SmartDisk("sdc", is_healthy=True),
        ),
        failed_mounts=("/var/lib/wayside-cluster/archive",),
    )


def test_servers_that_a_prometheus_joins_are_told_apart_and_a_silent_one_is_named() -> None:
    page = f"""\
node_filesystem_avail_bytes{{{DISK},server="head",job="node"}} 2e10 1795449600000
node_filesystem_size_bytes{{{DISK},server="head",job="node"}} 1e11 1795449600000
node_filesystem_avail_bytes{{{DISK},server="keeper",job="node"}} 1e10 1795449600000
node_filesystem_size_bytes{{{DISK},server="keeper",job="node"}} 1e11 1795449600000
up{{job="node",instance="127.0.0.1:9100",server="head"}} 1 1795449600000
up{{job="node",instance="127.0.0.1:9100",server="keeper"}} 1 1795449600000
up{{job="federate",instance="10.0.0.3:9090",server="parse"}} 0 1795449600000
"""
    head, keeper, parse = node_metrics.read(page)
    assert [(each.server, each.is_heard) for each in (head, keeper, parse)] == [
        ("head", True),
        ("keeper", True),
        ("parse", False),
    ]
    assert (head.file_systems[0].free_share, keeper.file_systems[0].free_share) == (0.2, 0.1)


@pytest.mark.parametrize("page", ["", "<html>hello</html>\n", "node_load1 0.4\n"])
def test_a_page_without_disks_has_no_server(page: str) -> None:
    assert node_metrics.read(page) == ()


@given(st.text(max_size=200).map(lambda text: f"node_filesystem_size_bytes{text}"))
def test_any_page_is_read_or_refused(page: str) -> None:
    try:
        found = node_metrics.read(page)
    except ValueError:
        return
    assert isinstance(found, tuple)


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: {package})")
    return found


@contextmanager
def started(folder: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(LONG_S)


def exporter(folder: Path, port: int) -> tuple[str, ...]:
    """Debian's node exporter, which reads planted verdicts of SMART from a file as it does from Debian's collectors."""
    texts = folder / "texts"
    texts.mkdir()
    (texts / "smartmon.prom").write_text('smartmon_device_smart_healthy{disk="/dev/sda",type="sat"} 0\n')
    return (
        program("prometheus-node-exporter", "prometheus-node-exporter"),
        f"--web.listen-address=127.0.0.1:{port}",
        f"--collector.textfile.directory={texts}",
    )


def read_page(url: str, *, server: str = "") -> tuple[ServerStorage, ...]:
    """Reads a page as the centre does; nothing before it answers."""
    try:
        return asyncio.run(metrics(url, server=server))
    except (ProbeFault, TimeoutError):
        return ()


@pytest.mark.peer
def test_a_real_node_exporter_tells_of_this_machines_disks(tmp_path: Path) -> None:
    port = free_port()
    with started(tmp_path, *exporter(tmp_path, port)):
        (found,) = until(lambda: read_page(f"http://127.0.0.1:{port}/metrics", server="here"), "it answers")
    assert found.server == "here"
    assert found.file_systems
    assert all(0 <= (each.free_share or 0) <= 1 for each in found.file_systems)
    assert found.disks == (SmartDisk("/dev/sda", is_healthy=False),)


@pytest.mark.peer
def test_a_real_prometheus_hands_on_what_the_exporter_tells_with_the_servers_name(tmp_path: Path) -> None:
    port, own = free_port(), free_port()
    config = tmp_path / "prometheus.yml"
    silent = {"targets": ["127.0.0.1:9"], "labels": {"server": "b"}}
    jobs = {"node": {"targets": [f"127.0.0.1:{port}"]}, "federate": silent}
    scrape = [{"job_name": name, "static_configs": [targets]} for name, targets in jobs.items()]
    external = {"scrape_interval": "1s", "external_labels": {"server": "head"}}
    config.write_text(json.dumps({"global": external, "scrape_configs": scrape}))
    prometheus = (
        program("prometheus", "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path}/tsdb",
        f"--web.listen-address=127.0.0.1:{own}",
    )
    url = f"http://127.0.0.1:{own}/federate?{urlencode([('match[]', each) for each in node_metrics.MATCHES])}"

    def both() -> tuple[ServerStorage, ...]:
        found = read_page(url)
        return found if len(found) == 2 and found[1].file_systems else ()

    with started(tmp_path, *exporter(tmp_path, port)), started(tmp_path, *prometheus):
        other, head = until(both, "both are scraped", seen=lambda: read_page(url))
    assert (other.server, other.is_heard) == ("b", False)
    assert (head.server, head.is_heard) == ("head", True)
    assert head.disks == (SmartDisk("/dev/sda", is_healthy=False),)
