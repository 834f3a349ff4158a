"""A copy of the tree to add to, which keeps the names of the product's files that an addition touches."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGES = ("center", "edge_agent", "engines", "provisioning", "ray_cluster")
CONTRACT = "provisioning/contracts/"


class Tree:
    """Copies the product and its tests, without translations, and records the files that an addition touches."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "tree"
        for package in (*PACKAGES, "tests"):
            shutil.copytree(ROOT / package, self.root / package)
        shutil.copy(ROOT / "pyproject.toml", self.root)
        self._touched: list[str] = []

    def count_anew(self) -> None:
        """Forget what was touched before: another addition begins."""
        self._touched = []

    @property
    def contract(self) -> list[str]:
        """Files of the contract that were touched, in this order."""
        return [file for file in self._touched if file.startswith(CONTRACT)]

    @property
    def product(self) -> list[str]:
        """Files of the product that were touched, without those of the contract."""
        return [file for file in self._touched if not file.startswith(CONTRACT)]

    def write(self, file: str, text: str) -> None:
        """Add a file."""
        path = self.root / file
        assert not path.exists(), f"{file} is there already"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        (path.parent / "__init__.py").touch()
        self._touched.append(file)

    def replace(self, file: str, old: str, new: str) -> None:
        """Change the one place of a file that says `old`."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times, not once"
        path.write_text(text.replace(old, new), encoding="utf-8")
        if file not in self._touched:
            self._touched.append(file)

    def before(self, file: str, anchor: str, text: str) -> None:
        """Insert in front of the one place that says `anchor`."""
        self.replace(file, anchor, text + anchor)

    def after(self, file: str, anchor: str, text: str) -> None:
        """Insert behind the one place that says `anchor`."""
        self.replace(file, anchor, anchor + text)

    def import_before(self, file: str, anchor: str, module: str, name: str) -> None:
        """Import a name that is there in this tree alone."""
        self.before(file, anchor, f"from {module} import {name}\n")

    def append(self, file: str, text: str) -> None:
        """Add to the end of a file."""
        path = self.root / file
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        if file not in self._touched:
            self._touched.append(file)
