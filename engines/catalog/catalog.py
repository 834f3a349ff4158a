"""Lists the artifacts, locates their files and checks them against the hashes of their manifests."""

import hashlib
import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from engines.backend import MAX_WISHES_BYTES, Wish, read_wishes
from engines.errors import ManifestInvalid, ModelCorrupt, ModelMissing, UnknownArtifact, WrongKind
from engines.manifest import MAX_MANIFEST_BYTES, Kind, Manifest, parse
from engines.runtimes.processor import check_bits, weight_bits

if TYPE_CHECKING:  # numpy is not needed to list, verify or fetch
    from engines.runtimes.engine import Engine
    from engines.runtimes.selection import Running

MODELS_VARIABLE = "WAYSIDE_MODELS"
RUNTIME_FILE = "runtime.toml"


def default_models_dir() -> Path:
    """Return $WAYSIDE_MODELS, or `wayside/models` under the user's cache directory (XDG)."""
    chosen = os.environ.get(MODELS_VARIABLE)
    if chosen:
        return Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "wayside" / "models"


class Catalog:
    """Holds the manifests of this package and those (`*.toml`) that a customer puts beside the model files.

    `wishes`: settings that take precedence over `plans/runtime.toml`, and that over `[runtime]` of a manifest.
    Raises ManifestInvalid.
    """

    def __init__(self, models_dir: Path | None = None, *, wishes: Mapping[str, Wish] | None = None) -> None:
        self.models_dir = models_dir if models_dir is not None else default_models_dir()
        self.running: dict[str, Running] = {}
        """Runtime and device of each loaded model, with the reason of a fallback: logged once, shown in health."""
        self._manifests: dict[str, Manifest] = {}
        for where, text in [*_shipped(), *_beside(self.models_dir)]:
            manifest = parse(text, where)
            for one in (manifest, *manifest.in_eight_bits()):
                if one.name in self._manifests:
                    raise ManifestInvalid(where, f"the catalog already has a {one.name}")
                self._manifests[one.name] = one
        self._wishes = {**self._machine(), **(wishes or {})}

    def _machine(self) -> dict[str, Wish]:
        """Reads the machine's own runtime settings: they lie with the plans, which belong to the machine too."""
        file = self.plans_dir / RUNTIME_FILE
        try:
            with file.open("rb") as stream:
                wishes = read_wishes(stream.read(MAX_WISHES_BYTES + 1), str(file))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise ManifestInvalid(str(file), f"unreadable ({error.strerror})") from error
        unknown = sorted(set(wishes) - set(self._manifests))
        if unknown:
            raise ManifestInvalid(str(file), f"the catalog has no {unknown[0]}")
        return wishes

    def manifests(self, kind: Kind | None = None) -> list[Manifest]:
        """Return the manifests of one kind, or all, sorted by name."""
        return [self._manifests[name] for name in sorted(self._manifests) if kind in {None, self._manifests[name].kind}]

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of that name. Raises UnknownArtifact."""
        if name not in self._manifests:
            raise UnknownArtifact(name, tuple(sorted(self._manifests)))
        return self._manifests[name]

    def file(self, name: str) -> Path:
        """Return the path of the artifact's file, which may be missing. Raises UnknownArtifact."""
        return self.models_dir / self.manifest(name).file

    def read(self, name: str) -> bytes:
        """Read the artifact's file and check its hash: the bytes that were hashed are those that are returned.

        Raises UnknownArtifact, ModelMissing, ModelCorrupt.
        """
        manifest, file = self.manifest(name), self.file(name)
        try:
            data = file.read_bytes()
        except FileNotFoundError as error:
            raise ModelMissing(name, file) from error
        except OSError as error:
            raise ModelMissing(name, file, f"unreadable ({error.strerror})") from error
        got = hashlib.sha256(data).hexdigest()
        if got != manifest.sha256:
            raise ModelCorrupt(name, file, manifest.sha256, got)
        return data

    def path(self, name: str) -> Path:
        """Check the artifact's file and return its path. Raises UnknownArtifact, ModelMissing, ModelCorrupt."""
        self.read(name)
        return self.file(name)

    def load(self, name: str, *, threads: int = 1) -> "Engine":
        """Load a model into its runtime. Audit models are not loaded here: nothing that redacts may use them.

        A setting or the manifest chooses the runtime; only `auto` falls back, and `running` holds the reason.
        Raises UnknownArtifact, ModelMissing, ModelCorrupt, WrongKind, ModelRefused, DeviceUnavailable, ExtraMissing,
        PlanMissing, PlanForeign, PlanCorrupt, ProcessorUnfit.
        """
        manifest = self.manifest(name)
        if manifest.kind is not Kind.MODEL:
            raise WrongKind(name, manifest.kind, "a model to run")
        if manifest.weight_bits is not None:
            check_bits(name, manifest.weight_bits)
        model = self.read(name)
        from engines.runtimes.selection import open_engine  # noqa: PLC0415 - listing and fetching need no runtime

        wish = self.wish(name)
        engine, self.running[name] = open_engine(name, model, wish, self.plans_dir, threads=threads)
        return engine

    def fitted(self, name: str) -> str:
        """Name the form of a network that this machine runs: in eight bits, if the manifest has them.

        Runtime settings of the machine for the network itself go before. Raises UnknownArtifact, ProcessorUnfit.
        """
        if name in self._wishes or not self.manifest(name).in_eight_bits():
            return name
        return f"{name}-int{weight_bits(name)}"

    def wish(self, name: str) -> Wish:
        """Return the runtime settings of a model on this machine. Raises UnknownArtifact."""
        return self._wishes.get(name, self.manifest(name).runtime)

    @property
    def plans_dir(self) -> Path:
        """The folder of TensorRT plans and calibrated graphs."""
        return self.models_dir / "plans"


def _shipped() -> list[tuple[str, bytes]]:
    folder = resources.files("engines") / "manifests"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return [(f"engines/manifests/{file.name}", file.read_bytes()) for file in files]


def _beside(models_dir: Path) -> list[tuple[str, bytes]]:
    if not models_dir.is_dir():
        return []
    found = []
    for file in sorted(models_dir.glob("*.toml")):
        try:
            with file.open("rb") as stream:
                found.append((str(file), stream.read(MAX_MANIFEST_BYTES + 1)))
        except OSError as error:
            raise ManifestInvalid(str(file), f"unreadable ({error.strerror})") from error
    return found
