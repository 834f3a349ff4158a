"""Reads, checks, follows and replaces the customer's file of detectors (`detectors_file`).

OpenCV and numpy are imported when they are needed: without a file, the head does not load them (50 MB).
"""

from pathlib import Path

from engines.catalog.catalog import Catalog
from engines.errors import EngineError
from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.config.processes import load
from provisioning.contracts.detectors import DetectorPlan, WantedDetectors
from provisioning.contracts.errors import ConfigError
from provisioning.files import durable
from ray_cluster.errors import BadAssignment
from ray_cluster.inference.assignment import MACHINES, Assignment, assigned, default_choice

MAX_BYTES = 8 << 20
"""Largest file: a county of 20,000 cameras, named one by one, takes a fifth of it."""

_ABSENT = (0, 0, 0)


class DetectorsFile:
    """Follows the file: its newest usable content, and the reason if the present content cannot be used."""

    def __init__(self, config: ClusterConfig) -> None:
        self._config = config
        self._stamp: tuple[int, int, int] | None = None
        self._wanted = WantedDetectors()

    def wanted(self) -> WantedDetectors:
        """Read the file again if it changed. Never raises for its content: `refused` has the fault."""
        path = self._config.detectors_file
        if path is None:
            return self._wanted
        stamp, fault = _stamp(path)
        if fault:
            self._stamp = None
            self._wanted = self._wanted.model_copy(update={"refused": fault})
        elif stamp != self._stamp:
            self._stamp = stamp
            try:
                plan = read(path) if stamp != _ABSENT else DetectorPlan()
                models = models_of(assignment_of(self._config, plan), Catalog(self._config.models_dir))
            except (BadAssignment, EngineError) as error:
                self._wanted = self._wanted.model_copy(update={"refused": f"{path}: {error}"})
            else:
                self._wanted = WantedDetectors(plan=plan, models=models)
        return self._wanted


def read(path: Path) -> DetectorPlan:
    """Read a file of detectors. Raises `BadAssignment`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadAssignment(f"larger than {MAX_BYTES} bytes; name agents instead of each of their cameras")
        return load(DetectorPlan, path)
    except OSError as error:
        raise BadAssignment(f"{path}: cannot be read ({error.strerror}); check its rights") from error
    except ConfigError as error:
        raise BadAssignment(str(error)) from error


def assignment_of(config: ClusterConfig, plan: DetectorPlan) -> Assignment:
    """Build the assignment, with the detector of the configuration for cameras that the plan leaves out."""
    return assigned(plan, default_choice(config.parser_model, config.parser_threshold))


def models_of(assignment: Assignment, catalog: Catalog) -> dict[str, str]:
    """Return the hash of every model of an assignment, by the catalog.

    Raises:
        BadAssignment: a detector finds no machines.
        UnknownArtifact, WrongKind, ManifestInvalid: a detector is not in the catalog, or is none.
    """
    from engines.detection.heads import detector_parts  # noqa: PLC0415
    from engines.detection.postprocess import GROUP_OF  # noqa: PLC0415 - see above

    models = {}
    for name in assignment.names:
        manifest = catalog.manifest(name)
        _, output = detector_parts(manifest)
        if not any(GROUP_OF[one] in MACHINES for one in output.classes):
            raise BadAssignment(f"{name}: finds {', '.join(output.classes)} and no machines; name another detector")
        models[name] = manifest.sha256
    return models


def tried(config: ClusterConfig, plan: DetectorPlan) -> dict[str, str]:
    """Load and run every model once and return the hashes; a machine without parsers only reads the manifests.

    Raises:
        BadAssignment, EngineError: a detector does not work.
    """
    from engines.detection.detector import Detector  # noqa: PLC0415 - see above

    catalog = Catalog(config.models_dir)
    models = models_of(assignment_of(config, plan), catalog)
    if config.node is None or NodeRole.PARSE in config.node.roles:
        for name in models:
            Detector.load(catalog, catalog.fitted(name)).probe()
    return models


def replace(config: ClusterConfig, plan_file: Path) -> dict[str, str]:
    """Replace `detectors_file` by a plan once every detector in it works; return the hash of each model.

    Raises:
        BadAssignment, EngineError: the plan is refused, and nothing has changed.
    """
    path = config.detectors_file
    if path is None:
        raise BadAssignment("the configuration names no detectors_file; set one, restart the cluster, and say it again")
    plan = read(plan_file)
    models = tried(config, plan)
    try:
        durable.write(path, plan_file.read_bytes(), mode=durable.PUBLIC)
    except OSError as error:
        raise BadAssignment(f"{path}: cannot be replaced ({error.strerror}); check the folder's rights") from error
    return models


def _stamp(path: Path) -> tuple[tuple[int, int, int], str]:
    """Return the stamp of the file, or a fault: a disk that is away does not count as a removed file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return _ABSENT, ""
    except OSError as error:
        return _ABSENT, f"{path}: cannot be looked at ({error.strerror}); check the disk and its rights"
    return (found.st_mtime_ns, found.st_size, found.st_ino), ""
