"""Small signed releases: a wheel of one file in the place of Wayside, so that an installation takes seconds."""

import base64
import hashlib
import platform
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from provisioning.release.archive import Release, load_key, new_key, pack
from tests.deploy.pip_wheel import SYSTEM, pip_wheel
from tests.support.waiting import LONG_S

INSTALL = Path(__file__).parents[2] / "deploy" / "install.sh"
PROGRAM = "wayside-edge"
KILLABLE = (("1", "2", "3"), ("4",), ("5",), ("6",), ("7",), ("8",))
"""Steps of install.sh. Before its third it has changed nothing that is in use or is unpacked."""


def machine_python() -> str:
    """As install.sh finds it: of the system, not of the tests."""
    words = [SYSTEM, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


class Publisher:
    """Makes releases and signs them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.key = load_key(new_key(folder))
        self.public = folder / "release.pub"

    def release(
        self, version: str, *, starts: bool = True, service: str = "", units: Iterable[Path] = (), **changes: Any
    ) -> Path:
        """An archive. One that does not start fails the installer's checks.

        Args:
            service: Python that `wayside-edge run` runs.
            units: put in beside the stubs, or in their place.
        """
        tree = self.folder / f"tree-{version}"
        shutil.rmtree(tree, ignore_errors=True)
        for name in ("wheels", "models", "units"):
            (tree / name).mkdir(parents=True)
        _wheel(tree / "wheels", version, starts=starts, service=service)
        shutil.copy(pip_wheel(), tree / "wheels")
        (tree / "models" / "model.onnx").write_text(version)
        (tree / "units" / "wayside-edge.service").write_text(f"# {version}\n")
        (tree / "units" / "wayside-edge.sysusers").write_text("u wayside -\n")
        for unit in units:
            shutil.copy(unit, tree / "units")
        for script in (INSTALL, INSTALL.with_name("act-as.sh")):
            shutil.copy(script, tree)
        (tree / "sbom.cdx.json").write_text(f'{{"bomFormat": "CycloneDX", "version of": "{version}"}}\n')
        told: dict[str, Any] = {
            "role": "edge", "version": version, "arch": platform.machine(), "python": machine_python(),
            "requirement": f"wayside=={version}", "programs": (PROGRAM,),
        } | changes  # fmt: skip
        return pack(Release(**told), tree, self.key, self.folder / "dist")


class Machine:
    """A folder that is installed into."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.root = root
        self.opt = root / "opt" / "wayside"
        self.data = root / "var" / "lib" / "wayside-edge"
        self.data.mkdir(parents=True)
        (self.data / "spool.db").write_text("pictures")

    def command(self, *words: str | Path, role: str = "edge") -> list[str]:
        """What is typed."""
        return [str(INSTALL), "--role", role, "--root", str(self.root), *map(str, words)]

    def install(self, *words: str | Path, role: str = "edge", code: int = 0) -> str:
        """Run it; what it said."""
        done = subprocess.run(
            self.command(*words, role=role), capture_output=True, text=True, check=False, timeout=LONG_S
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refused(self, *words: str | Path, role: str = "edge") -> str:
        """It ends with 2."""
        return self.install(*words, role=role, code=2)

    def version(self) -> str | None:
        """What the program in use says of itself; None where there is none."""
        program = self.opt / "bin" / PROGRAM
        if not program.exists():
            return None
        return subprocess.run([program], capture_output=True, text=True, check=True).stdout.strip()

    def files(self) -> set[str]:
        """Everything that lies there, by name."""
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if not path.is_dir()}


def _wheel(folder: Path, version: str, *, starts: bool, service: str) -> None:
    """PEP 427 by hand: one module, one program that prints its version, or runs as a service."""
    info = f"wayside-{version}.dist-info"
    words = f"print({version!r})" if starts else "raise SystemExit(1)"
    body = f"import sys\n\ndef main():\n    {words}\n    if sys.argv[1:2] == ['run']:\n        exec({service!r})\n"
    files = {
        "wayside_small.py": body,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: wayside\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{PROGRAM} = wayside_small:main\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}\n"
        for name, text in files.items()
    )
    with zipfile.ZipFile(folder / f"wayside-{version}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # at no time: made twice it is the same
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), f"{record}{info}/RECORD,,\n")
