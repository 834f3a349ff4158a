"""Packs the Helm chart as `helm package` does, the same bytes for the same chart."""

import gzip
import re
import tarfile
from pathlib import Path
from typing import Final

from provisioning.errors import ReleaseError
from provisioning.release.archive import plain_member

CHART: Final = Path("deploy/chart/wayside")
_VERSION: Final = re.compile(r'^(version|appVersion): "?([^"\n]+)"?$', re.MULTILINE)


def require_version(checkout: Path, version: str) -> None:
    """Compares the chart's versions with the release's.

    Raises:
        ReleaseError: one differs.
    """
    file = CHART / "Chart.yaml"
    for key, found in _VERSION.findall((checkout / file).read_text(encoding="utf-8")):
        if found != version:
            raise ReleaseError(f"{file} has {key} {found}: set {version}, as in pyproject.toml, and commit it")


def pack_chart(tree: Path, version: str, out: Path) -> Path:
    """Writes the chart of a work tree to `wayside-VERSION.tgz`. Returns its path."""
    target = out / f"{CHART.name}-{version}.tgz"
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in sorted(each for each in (tree / CHART).rglob("*") if each.is_file()):
            name = f"{CHART.name}/{path.relative_to(tree / CHART).as_posix()}"
            archive.add(path, name, recursive=False, filter=plain_member)
    return target
