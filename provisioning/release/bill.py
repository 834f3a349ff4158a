"""Writes a release's bill of materials: CycloneDX 1.6, as JSON, the same bytes for the same release.

```
wayside-edge 0.1.0 ─┬─ wayside (our wheel) ── what the console's pages load
                    ├─ each wheel ── shared libraries that it carries, its own bill by reference (PEP 770)
                    └─ each model ── pedigree: the package that it was taken from
image wayside-edge ─┬─ each package of Debian of which it has files
                    └─ each installed package of Python, each model
```
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseAcknowledgement, LicenseExpression
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from provisioning.release.archive import Release
from provisioning.release.artifacts import LIBRARIES, Artifact
from provisioning.release.image_contents import ImageContents
from provisioning.release.packages import Carried, Package

FILE: Final = "sbom.cdx.json"
"""Name in the archive, and on a machine in `/opt/wayside/current`."""
OURS: Final = "wayside"


@dataclass(frozen=True, slots=True)
class Materials:
    """All that is in a release, and what requires what."""

    packages: Mapping[str, Package]
    licences: Mapping[str, tuple[str, bool]]
    """SPDX expression by package, and whether the package declares it itself."""
    requires: Mapping[str, Iterable[str]]
    models: Iterable[Artifact]
    console: Iterable[Artifact]


def render(release: Release, materials: Materials, when: datetime) -> str:
    """Renders the bill. `when`: the release's date, in place of the clock's."""
    packages = {name: _package(package, release, materials) for name, package in materials.packages.items()}
    models = [
        _artifact(model, f"models/{model.file}", ComponentType.MACHINE_LEARNING_MODEL) for model in materials.models
    ]
    root = Component(
        type=ComponentType.APPLICATION,
        name=f"{OURS}-{release.role}",
        version=release.version,
        bom_ref=f"{OURS}-{release.role}",
        licenses=_licences(*materials.licences[OURS]),
    )
    about = {"arch": release.arch, "python": release.python, "debian": " ".join(release.debian)}
    bom = Bom(
        components=[*packages.values(), *models],
        metadata=BomMetaData(
            component=root,
            timestamp=when,
            lifecycles=[PredefinedLifecycle(LifecyclePhase.BUILD)],
            properties=[_property(name, value) for name, value in about.items()],
        ),
    )
    bom.serial_number = uuid5(NAMESPACE_URL, "\n".join([release.name, *sorted(_sums(bom))]))
    required = {name for names in materials.requires.values() for name in names}
    bom.register_dependency(root, [*(made for name, made in packages.items() if name not in required), *models])
    for name, names in materials.requires.items():
        bom.register_dependency(packages[name], [packages[each] for each in sorted(names)])
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def render_image(
    name: str,
    version: str,
    contents: ImageContents,
    found: Mapping[str, tuple[str, bool]],
    models: Iterable[Artifact],
    when: datetime,
) -> str:
    """Renders the bill of a container image. `found`: as `Materials.licences`."""
    debian = [
        PackageURL("deb", "debian", each.name, each.version, {"arch": each.architecture}) for each in contents.debian
    ]
    python = {
        package.name: PackageURL("generic" if package.name == OURS else "pypi", None, package.name, package.version)
        for package in contents.packages
    }
    components = [
        *(_named(purl, []) for purl in debian),
        *(_named(purl, _licences(*found[package])) for package, purl in python.items()),
        *(
            _artifact(model, f"opt/wayside/models/{model.file}", ComponentType.MACHINE_LEARNING_MODEL)
            for model in models
        ),
    ]
    root = Component(
        type=ComponentType.CONTAINER,
        name=name,
        version=version,
        bom_ref=name,
        hashes=_sha256(contents.image_id),
        licenses=_licences(*found[OURS]),
    )
    lifecycles = [PredefinedLifecycle(LifecyclePhase.BUILD)]
    bom = Bom(components=components, metadata=BomMetaData(component=root, timestamp=when, lifecycles=lifecycles))
    bom.serial_number = uuid5(NAMESPACE_URL, f"{name} {version} {contents.image_id}")
    bom.register_dependency(root, components)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def _named(purl: PackageURL, licences: list[License]) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        name=purl.name,
        version=purl.version,
        bom_ref=str(purl),
        purl=purl,
        licenses=licences,
    )


def _package(package: Package, release: Release, materials: Materials) -> Component:
    kind = "generic" if package.name == OURS else "pypi"
    purl = PackageURL(kind, None, package.name, package.version)
    inside = [_library(each, str(purl)) for each in package.libraries]
    if package.name == OURS:
        inside += [_artifact(each, f"{LIBRARIES}/{each.file}", ComponentType.LIBRARY) for each in materials.console]
    site = f"venv/lib/python{release.python}/site-packages"
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=package.version,
        bom_ref=str(purl),
        purl=purl,
        hashes=_sha256(package.sha256),
        licenses=_licences(*materials.licences[package.name]),
        properties=[_property("file", f"wheels/{package.file}")],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.BOM, url=XsUri(f"{site}/{bill.path}"), hashes=_sha256(bill.sha256)
            )
            for bill in package.bills
        ],
        components=inside,
    )


def _library(library: Carried, bearer: str) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        name=library.name,
        version=library.version,
        bom_ref=f"{bearer}#{library.path}",
        hashes=_sha256(library.sha256),
        properties=[_property("file", library.path)],
    )


def _artifact(artifact: Artifact, place: str, kind: ComponentType) -> Component:
    origin, own = artifact.origin, f"{artifact.origin}#{artifact.name}"
    package = Component(name=origin.name, version=origin.version, purl=origin, bom_ref=f"{own}:origin")
    converted = Pedigree(ancestors=[package], notes="taken from this package, and converted")
    return Component(
        type=kind,
        name=artifact.name,
        version=origin.version,
        bom_ref=own,
        description=artifact.note,
        hashes=_sha256(artifact.sha256),
        licenses=_licences(artifact.licence, declared=False),
        purl=None if artifact.is_converted else origin,
        pedigree=converted if artifact.is_converted else None,
        properties=[_property("file", place)],
    )


def _licences(expression: str, declared: bool) -> list[License]:
    acknowledgement = LicenseAcknowledgement.DECLARED if declared else LicenseAcknowledgement.CONCLUDED
    if " " in expression or expression.startswith("LicenseRef-"):
        return [LicenseExpression(expression, acknowledgement=acknowledgement)]
    return [DisjunctiveLicense(id=expression, acknowledgement=acknowledgement)]


def _sha256(content: str | None) -> list[HashType]:
    return [] if content is None else [HashType(alg=HashAlgorithm.SHA_256, content=content)]


def _property(name: str, value: str) -> Property:
    return Property(name=f"{OURS}:{name}", value=value)


def _sums(bom: Bom) -> Iterable[str]:
    return (f"{component.bom_ref} {each.content}" for component in bom.components for each in component.hashes)
