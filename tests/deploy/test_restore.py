"""The server's disk is lost: archive, records and home come back from their backups, rows and pictures byte by byte.

```
 archive ── wayside-cluster backup ─┐                      ┌─ restore ─▶ rows, machines, pictures
 records ── wayside-center backup ──┼─▶ another disk ─ ✗ ──┼─ restore ─▶ accounts, cases, audit
 home    ── wayside-provision backup┘                      └─ restore ─▶ authorities, register
```
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ray_cluster.__main__ import app as cluster
from tests.center.database.test_backup import Desk
from tests.ray_cluster.maintenance.test_backup import fill
from tests.ray_cluster.world import query
from tests.support.office import Technician


def _config(disk: Path) -> Path:
    file = disk / "cluster.toml"
    names = ("models_dir", "auth_token_file", "query_token_file")
    lines = [f'{name} = "{name}"' for name in names]
    broker = '[broker]\nhost = "h"\nca_file = "c"\ncert_file = "c"\nkey_file = "k"\n'
    file.write_text("\n".join(['archive_dir = "archive"', *lines, broker]))
    return file


def _types(config: Path, *words: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(cluster, [*map(str, words), "--config", str(config)])
    assert done.exit_code == code, done.output
    return done.output


def _pictures(archive: Path) -> dict[str, tuple[Any, bytes]]:
    """Each row as it is told, with its machines, and the bytes of its picture."""
    read = query(archive)
    return {
        item.snapshot.row_key: (item, read.picture_of(item.snapshot)) for item in read.commits(after=0, limit=500).items
    }


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


def test_a_lost_disk_comes_back_row_by_row_and_picture_by_picture(disk: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    config, desk, office = _config(disk), Desk(disk, ""), Technician(disk / "home")
    fill(disk / "archive", 0, 20)
    desk.fill()
    office.sets_up("cabinet-7")
    _types(config, "backup", safe / "archive")
    rows = desk.rows()  # without the entry that this backup was made
    records = Path(desk.types("backup", safe / "center").stdout.strip())
    home = Path(office.asks("backup", safe / "home")["file"])
    before = _pictures(disk / "archive"), rows, office.asks("status")
    assert len(before[0]) == 20

    for folder in ("archive", "data", "home"):
        shutil.rmtree(disk / folder)
    _types(config, "restore", safe / "archive")
    assert desk.types("restore", records).exit_code == 0
    office.asks("restore", home)

    assert (_pictures(disk / "archive"), desk.rows(), office.asks("status")) == before
    assert '"damaged": 0' in _types(config, "verify", "--json").replace('":', '": ').replace("  ", " ")
    assert desk.types("audit", "verify").exit_code == 0
    assert desk.log_in()


def test_a_backup_of_the_archive_that_did_not_end_is_refused_by_name(disk: Path, tmp_path: Path) -> None:
    config = _config(disk)
    fill(disk / "archive", 0, 5)
    _types(config, "backup", tmp_path / "safe")
    (tmp_path / "safe" / "backup.json").unlink()  # written last
    shutil.rmtree(disk / "archive")
    assert "no whole backup" in _types(config, "restore", tmp_path / "safe", code=2)
    assert not (disk / "archive").exists()
