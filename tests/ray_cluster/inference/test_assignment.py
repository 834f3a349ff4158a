"""Which detector sees which camera: the file, what it may say, and what a head makes of it while it changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.catalog.catalog import Catalog
from engines.errors import EngineError, ManifestMismatch, ModelMissing, UnknownArtifact
from provisioning.contracts.config.cluster import ClusterConfig, Node, NodeRole
from provisioning.contracts.config.processes import Broker
from provisioning.contracts.detectors import AssignedDetector, DetectorPlan
from ray_cluster.errors import BadAssignment
from ray_cluster.inference.assignment import assigned, default_choice
from ray_cluster.inference.detectors_file import DetectorsFile, assignment_of, models_of, read, replace
from tests.support.power_cut import Disk
from tests.support.square_nets import NETS

YOLOX, DETR, DFINE = NETS[1], NETS[3], NETS[5]
REST = default_choice("nanodet-g-416", 0.4)


@pytest.fixture
def config(tmp_path: Path) -> ClusterConfig:
    """With two detectors of the customer's, and a file that does not exist yet."""
    models = tmp_path / "models"
    models.mkdir()
    for net in (YOLOX, DETR):
        net.put(models)
    return ClusterConfig(
        broker=Broker(host="127.0.0.1", port=1, ca_file=tmp_path, cert_file=tmp_path, key_file=tmp_path),
        models_dir=models,
        archive_dir=tmp_path / "archive",
        auth_token_file=tmp_path / "ray",
        query_token_file=tmp_path / "query",
        parser_model=YOLOX.name,
        detectors_file=tmp_path / "detectors.toml",
    )


def write(config: ClusterConfig, text: str) -> Path:
    assert config.detectors_file is not None
    draft = config.detectors_file.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(config.detectors_file)
    return config.detectors_file


def test_a_camera_goes_before_its_agent_and_that_before_the_rest() -> None:
    plan = DetectorPlan.model_validate(
        {
            "detectors": [
                {"name": "a", "cameras": ["gate"], "thresholds": {"vehicle": 0.7}, "tiles": False},
                {"name": "b", "agents": ["harbour"]},
                {"name": "c"},
            ]
        }
    )
    assignment = assigned(plan, REST)
    assert [assignment.of(*who).name for who in (("harbour", "gate"), ("harbour", "quay"), ("town", "quay"))] == [
        "a",
        "b",
        "c",
    ]
    gate = assignment.of("town", "gate")
    assert (gate.thresholds, gate.tiles) == ((("vehicle", 0.7),), False)
    assert assignment.names == ("c", "a", "b")


def test_whoever_no_file_names_is_seen_by_the_detector_of_the_configuration() -> None:
    assert assigned(DetectorPlan(), REST).of("any", "camera") == REST
    assert dict(REST.thresholds) == {"vehicle": 0.4, "two_wheeler": 0.4}


names = st.sampled_from(["a", "b", "c", "d"])


some = st.sets(names).map(tuple)


@given(st.lists(st.builds(AssignedDetector, name=names, cameras=some, agents=some)))
def test_every_camera_has_exactly_one_detector_or_the_file_is_refused(entries: list[AssignedDetector]) -> None:
    try:
        plan = DetectorPlan(detectors=tuple(entries))
    except ValueError:
        named = [camera for one in entries for camera in one.cameras]
        agents = [agent for one in entries for agent in one.agents]
        rests = sum(one.is_rest for one in entries)
        assert len(set(named)) < len(named) or len(set(agents)) < len(agents) or rests > 1
        return
    assignment = assigned(plan, REST)
    for agent in "abcdx":
        for camera in "abcdx":
            own = [one for one in entries if camera in one.cameras]
            site = [one for one in entries if agent in one.agents]
            rest = [one for one in entries if one.is_rest]
            expected = next((one.name for one in (*own, *site, *rest)), REST.name)
            assert assignment.of(agent, camera).name == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[detectors]]\nname = "a"\n[[detectors]]\nname = "b"', "which of them sees the rest"),
        ('[[detectors]]\nname = "a"\ncameras = ["x"]\n[[detectors]]\nname = "b"\ncameras = ["x"]', "camera x is named"),
        ('[[detectors]]\nname = "a"\nagents = ["x"]\n[[detectors]]\nname = "b"\nagents = ["x"]', "agent x is named"),
        ('[[detectors]]\nname = "../a"', "detectors.0.name"),
        ('[[detectors]]\nname = "a"\nthresholds = { person = 0.2 }', "detectors.0.thresholds"),
        ('[[detectors]]\nname = "a"\nthresholds = { vehicle = 1.5 }', "detectors.0.thresholds.vehicle"),
        ('[[detectors]]\nname = "a"\ncamera = ["x"]', "detectors.0.camera"),
        ("[[detectors", "not valid TOML"),
    ],
)
def test_a_file_that_says_no_one_thing_is_refused_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "detectors.toml"
    file.write_text(text)
    with pytest.raises(BadAssignment, match=r"detectors\.toml") as caught:
        read(file)
    assert words in str(caught.value)


def test_a_file_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "detectors.toml"
    file.write_bytes(b"#" * (8 << 20) + b"#")
    with pytest.raises(BadAssignment, match="larger than"):
        read(file)
    with pytest.raises(BadAssignment, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_a_detector_that_finds_no_machines_is_none_for_the_parser(config: ClusterConfig) -> None:
    for name, words in (("centerface", "finds face and no machines"), ("clp-det", "finds plate and no machines")):
        plan = DetectorPlan(detectors=(AssignedDetector(name=name),))
        with pytest.raises(BadAssignment, match=words):
            models_of(assignment_of(config, plan), Catalog(config.models_dir))


def test_a_head_follows_the_file_and_keeps_the_last_that_was_good(config: ClusterConfig) -> None:
    file = DetectorsFile(config)
    first = file.wanted()
    assert first.plan == DetectorPlan()
    assert not first.refused
    write(config, f'[[detectors]]\nname = "{DETR.name}"')
    second = file.wanted()
    assert [one.name for one in second.plan.detectors] == [DETR.name]
    assert second.models == {DETR.name: Catalog(config.models_dir).manifest(DETR.name).sha256}
    assert file.wanted() is second, "nothing changed, nothing is read"
    path = write(config, '[[detectors]]\nname = "of-a-dream"')
    third = file.wanted()
    assert (third.plan, third.models) == (second.plan, second.models)
    assert third.refused.startswith(f"{path}: of-a-dream: no such artifact in the catalog")
    write(config, "[[detectors")
    assert "not valid TOML" in file.wanted().refused
    write(config, f'[[detectors]]\nname = "{DETR.name}"\ncameras = ["gate"]')
    assert not file.wanted().refused
    assert set(file.wanted().models) == {YOLOX.name, DETR.name}
    path.unlink()
    assert file.wanted().plan == DetectorPlan()


def test_a_model_that_was_replaced_is_wanted_anew(config: ClusterConfig) -> None:
    file = DetectorsFile(config)
    write(config, f'[[detectors]]\nname = "{DETR.name}"')
    before = file.wanted().models
    DETR.with_(times=1.01).put(config.models_dir)
    write(config, f'[[detectors]]\nname = "{DETR.name}"')
    assert file.wanted().models.keys() == before.keys()
    assert file.wanted().models != before


def test_another_file_is_taken_only_after_every_detector_in_it_worked(config: ClusterConfig, tmp_path: Path) -> None:
    assert config.detectors_file is not None
    mine = tmp_path / "mine.toml"
    mine.write_text(f'[[detectors]]\nname = "{DETR.name}"\nagents = ["harbour"]')
    assert set(replace(config, mine)) == {YOLOX.name, DETR.name}
    assert config.detectors_file.read_text() == mine.read_text()
    broken: list[tuple[str, type[Exception], str]] = [
        ("of-a-dream", UnknownArtifact, "no such artifact"),
        ("no-numbers", EngineError, "no numbers"),
        ("gone", ModelMissing, "is missing"),
        ("misfit", ManifestMismatch, "is no output of the file"),
        ("centerface", BadAssignment, "no machines"),
    ]
    YOLOX.with_(name="no-numbers", times=float("nan")).put(config.models_dir)
    misfit = config.models_dir / f"{YOLOX.with_(name='misfit').put(config.models_dir)}.toml"
    misfit.write_text(misfit.read_text().replace('decoder = "yolox"', 'decoder = "detr"'))
    YOLOX.with_(name="gone").put(config.models_dir)
    (config.models_dir / "gone.onnx").unlink()
    for name, kind, words in broken:
        other = tmp_path / f"{name}.toml"
        other.write_text(f'[[detectors]]\nname = "{name}"\ncameras = ["gate"]')
        with pytest.raises(kind, match=words):
            replace(config, other)
        assert config.detectors_file.read_text() == mine.read_text(), "nothing has changed"
    assert not list(tmp_path.glob(".detectors.toml.*"))


def test_another_file_is_on_the_disk_before_it_is_taken(
    config: ClusterConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f'[[detectors]]\nname = "{DETR.name}"')
    disk = Disk(monkeypatch)
    replace(config, mine)
    assert (disk.renamed, disk.lost, disk.unsettled) == (["detectors.toml"], [], [])


def test_a_head_that_parses_nothing_needs_the_manifest_alone(config: ClusterConfig, tmp_path: Path) -> None:
    node = Node(state_dir=tmp_path, roles=(NodeRole.BUSINESS,))
    head = config.model_copy(update={"node": node})
    mine = tmp_path / "mine.toml"
    mine.write_text(f'[[detectors]]\nname = "{DETR.name}"')
    (config.models_dir / f"{DETR.name}.onnx").unlink()
    assert set(replace(head, mine)) == {DETR.name}
    with pytest.raises(ModelMissing):
        replace(config, mine)


def test_without_a_place_for_it_nothing_is_taken(config: ClusterConfig, tmp_path: Path) -> None:
    bare = config.model_copy(update={"detectors_file": None})
    assert DetectorsFile(bare).wanted().plan == DetectorPlan()
    with pytest.raises(BadAssignment, match="names no detectors_file; set one"):
        replace(bare, tmp_path / "mine.toml")


def test_a_disk_that_is_away_is_no_file_that_was_removed(config: ClusterConfig, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "detectors.toml").write_text(f'[[detectors]]\nname = "{DETR.name}"')
    file = DetectorsFile(config.model_copy(update={"detectors_file": folder / "detectors.toml"}))
    assert file.wanted().models.keys() == {DETR.name}
    folder.rename(tmp_path / "away")
    folder.write_text("a file where a folder was: looking into it is an error of its own")
    gone = file.wanted()
    assert gone.models.keys() == {DETR.name}
    assert "cannot be looked at" in gone.refused
    folder.unlink()
    (tmp_path / "away").rename(folder)
    assert not file.wanted().refused
