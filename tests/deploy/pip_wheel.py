"""pip for the releases that tests make: the wheel of the interpreter, with its modules compiled beside their sources.

install.sh runs pip out of the wheel, where Python keeps nothing that it compiles: 1.1 of the 1.7 s of processor that a
small installation took (measured).
"""

import ensurepip
import shutil
import subprocess
import zipfile
from pathlib import Path

from tests.support.kept import kept

SYSTEM = "/usr/bin/python3"


def pip_wheel() -> Path:
    """Return the wheel. A Python of another version than this machine's compiles the sources itself."""
    found = next(Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"), None)
    wheel = found or next(Path("/usr/share/python-wheels").glob("pip-*.whl"))
    python = subprocess.run([SYSTEM, "-VV"], capture_output=True, text=True, check=True).stdout

    def make(folder: Path) -> None:
        tree = folder / "tree"
        with zipfile.ZipFile(wheel) as source:
            source.extractall(tree)
        # By what stands in it, not by the source's time, which a wheel does not keep.
        words = ["-m", "compileall", "-q", "-b", "--invalidation-mode", "unchecked-hash", str(tree)]
        subprocess.run([SYSTEM, "-I", *words], check=True, capture_output=True)
        with zipfile.ZipFile(folder / wheel.name, "w", zipfile.ZIP_DEFLATED) as out:
            for file in sorted(each for each in tree.rglob("*") if each.is_file()):
                out.write(file, file.relative_to(tree))
        shutil.rmtree(tree)

    return kept("pip", f"{wheel.name} {python}", make) / wheel.name
