"""Signed releases of the real programs, made in seconds: what they depend on is not in them but on the machine.

```
 this checkout ──uv build──▶ wheel ──version, no dependencies, one .pth──▶ archive ──install.sh──▶ /opt/wayside
                                                                   debian_tree.NEIGHBOURS ◀── .pth ──┘
```
"""

import base64
import hashlib
import platform
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from engines.catalog.catalog import default_models_dir
from provisioning.release.__main__ import gather_models
from provisioning.release.archive import ROLES, Release, load_key, new_key, pack
from tests.deploy.pip_wheel import pip_wheel
from tests.support.debian_tree import NEIGHBOURS, ROOT
from tests.support.waiting import LONG_S

BUILT: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
"""The version that this checkout says of itself."""


class BorrowedReleases:
    """Makes releases for machines that are layers over `debian_tree.dependencies`."""

    def __init__(self, folder: Path, debian: Path) -> None:
        self.folder = folder
        self._wheel = folder / "wheel"
        uv = Path(sys.executable).with_name("uv")
        build = [str(uv), "build", "--wheel", "-q", "--python", sys.executable, "-o", str(self._wheel), str(ROOT)]
        subprocess.run(build, check=True, capture_output=True, timeout=LONG_S)
        self._key = load_key(new_key(folder))
        self.public = folder / "release.pub"
        self._python = subprocess.run(
            [debian / "usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    def release(self, role: str, version: str = BUILT, *, broken: bool = False) -> Path:
        """An archive. A broken one passes the installer's checks, and its agent does not run."""
        tree = self.folder / f"{role}-{version}"
        for name in ("wheels", "units"):
            (tree / name).mkdir(parents=True)
        self._put_wheel(tree / "wheels", version, broken=broken)
        shutil.copy(pip_wheel(), tree / "wheels")
        gather_models(tree / "models", ROLES[role], default_models_dir())
        for unit in ROLES[role].units:
            shutil.copy(ROOT / "deploy" / unit, tree / "units")
        for script in ("install.sh", "act-as.sh"):
            shutil.copy(ROOT / "deploy" / script, tree)
        made = Release(
            role, version, platform.machine(), self._python, f"wayside=={version}", ROLES[role].programs,
            ROLES[role].debian,
        )  # fmt: skip
        archive = pack(made, tree, self._key, self.folder)
        shutil.rmtree(tree)
        return archive

    def _put_wheel(self, folder: Path, version: str, *, broken: bool) -> None:
        """PEP 427: the built wheel's files, under another version, with a record of their own."""
        (built,) = self._wheel.glob("*.whl")
        info, record = f"wayside-{version}.dist-info", []
        with (
            zipfile.ZipFile(built) as source,
            zipfile.ZipFile(folder / f"wayside-{version}-py3-none-any.whl", "w") as out,
        ):
            content = {name: source.read(name) for name in source.namelist()}
            content["wayside_neighbours.pth"] = f"{NEIGHBOURS}\n".encode()
            if broken:
                content["edge_agent/__init__.py"] += _BROKEN
            for name, built_data in content.items():
                place = name.replace(f"wayside-{BUILT}.dist-info", info)
                if place.endswith("/RECORD"):
                    continue
                data = _metadata(built_data, version) if place.endswith("/METADATA") else built_data
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
                record.append(f"{place},sha256={digest},{len(data)}\n")
                out.writestr(place, data)
            out.writestr(f"{info}/RECORD", f"{''.join(record)}{info}/RECORD,,\n")


_BROKEN = b"""
import sys
if "run" in sys.argv:
    raise SystemExit("this version does not run")
"""


def _metadata(data: bytes, version: str) -> bytes:
    lines = data.decode().replace(f"\nVersion: {BUILT}\n", f"\nVersion: {version}\n").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(("Requires-Dist:", "Provides-Extra:"))).encode()
