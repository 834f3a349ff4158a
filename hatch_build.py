"""Refuses a wheel without the libraries and data of other projects that the console's pages load.

They are no part of this repository: `bin/setup` fetches them by the manifests of kind `console`. A site that installs
the wheel can fetch nothing.
"""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARIES = Path("center/console/widgets/ground/libraries")


class ConsoleLibraries(BuildHookInterface[Any]):
    """Compares the fetched files with the sums of their manifests."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Runs before a wheel is built; an editable one only points here.

        Raises:
            SystemExit: a file is missing or another one.
        """
        if version == "editable":
            return
        for manifest in sorted(Path(self.root, "engines", "manifests").glob("*.toml")):
            artifact = tomllib.loads(manifest.read_text(encoding="utf-8"))
            if artifact["kind"] != "console":
                continue
            file = Path(self.root, LIBRARIES, artifact["file"])
            data = file.read_bytes() if file.is_file() else None
            if data is None or hashlib.sha256(data).hexdigest() != artifact["sha256"]:
                state = "is missing" if data is None else f"is not the file of {manifest.name}"
                raise SystemExit(
                    f"{LIBRARIES / file.name} {state}: the console needs it; run bin/setup demo, then build again"
                )
