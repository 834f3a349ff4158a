import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engines.backend import Flavour, Precision
from engines.errors import BuildFailed, PlanCorrupt, PlanForeign, PlanMissing
from engines.runtimes.gpu import Gpu
from engines.runtimes.trt_plans import LENGTH, MAGIC, MAX_HEADER_BYTES, PlanStore, Profile, header_of, read_plan
from tests.engines.trt_stand_in import T4, VERSION, plan_of

SHA256 = hashlib.sha256(b"model").hexdigest()
HERE = {Flavour.RTX: VERSION}


@pytest.fixture
def store(tmp_path: Path) -> PlanStore:
    return PlanStore(tmp_path / "plans")


def choose(store: PlanStore, gpu: Gpu = T4, versions: dict[Flavour, str] = HERE, sha256: str = SHA256) -> Path:
    return store.choose("affine", sha256, Precision.FP32, gpu, versions)


def test_a_plan_comes_back_as_it_was_put(store: PlanStore) -> None:
    plan = plan_of(SHA256, data=bytes(range(256)) * 100)
    file = store.put(plan)
    assert read_plan(file) == plan
    assert header_of(file) == plan.header
    assert file.name.startswith(f"affine.fp32.sm75.tensorrt-rtx-{VERSION}.")
    assert choose(store) == file
    assert store.put(plan) == file
    assert [entry.name for entry in store.folder.iterdir()] == [file.name], "nothing half-written is left"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sm": 86}, "compute capability 8.6, Tesla T4 has 7.5"),
        ({"gpu": "NVIDIA A2"}, "built on NVIDIA A2, this is Tesla T4"),
        ({"flavour_version": "1.6"}, "built by tensorrt-rtx 1.6, installed is"),
        ({"flavour": Flavour.TENSORRT}, "built by tensorrt .*, which is not installed"),
        ({"model_sha256": "f" * 64}, "built from a model of sha256 ffffffffffff"),
    ],
)
def test_what_was_built_for_something_else_is_refused(store: PlanStore, changes: dict[str, Any], reason: str) -> None:
    store.put(plan_of(SHA256, **changes))
    with pytest.raises(PlanForeign, match=f"affine: .*{reason}.*; run `wayside-engines build affine` here"):
        choose(store)
    mine = store.put(plan_of(SHA256))
    assert choose(store) == mine, "the foreign one does not stand in the way of the right one"


def test_tensorrt_goes_before_rtx_and_a_large_batch_before_a_small_one(store: PlanStore) -> None:
    versions = {Flavour.RTX: VERSION, Flavour.TENSORRT: VERSION}
    store.put(plan_of(SHA256, profile=Profile(batch=(1, 1, 64))))
    store.put(plan_of(SHA256, flavour=Flavour.TENSORRT, gpu="Tesla T4", profile=Profile(batch=(1, 1, 2))))
    best = store.put(plan_of(SHA256, flavour=Flavour.TENSORRT, gpu="Tesla T4", profile=Profile(batch=(1, 4, 16))))
    assert choose(store, versions=versions) == best


def test_none_at_all_names_the_command(store: PlanStore) -> None:
    with pytest.raises(PlanMissing, match="run `wayside-engines build affine --precision fp32`"):
        choose(store)


def test_a_file_under_another_plans_name_is_corrupt(store: PlanStore) -> None:
    file = store.put(plan_of(SHA256, precision=Precision.INT8))
    file.rename(file.with_name(file.name.replace("int8", "fp32")))
    with pytest.raises(PlanCorrupt, match="its name does not fit"):
        choose(store)


def test_a_folder_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("a file")
    with pytest.raises(BuildFailed, match=r"affine: .*cannot be written"):
        PlanStore(tmp_path / "plans").put(plan_of(SHA256))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return PlanStore(tmp_path_factory.mktemp("plans")).put(plan_of(SHA256, data=b"x" * 500))


def test_every_cut_is_noticed(whole: Path, tmp_path: Path) -> None:
    data, file = whole.read_bytes(), tmp_path / "cut.plan"
    for length in range(len(data)):
        file.write_bytes(data[:length])
        with pytest.raises(PlanCorrupt):
            read_plan(file)
    file.write_bytes(data + b"x")
    with pytest.raises(PlanCorrupt, match="more bytes"):
        read_plan(file)


@given(st.data())
def test_a_changed_byte_of_the_plan_is_noticed(whole: Path, tmp_path: Path, data: st.DataObject) -> None:
    content, file = bytearray(whole.read_bytes()), tmp_path / "bent.plan"
    at = data.draw(st.integers(len(content) - 500, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with pytest.raises(PlanCorrupt, match="hash"):
        read_plan(file)


@given(st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(lambda b: MAGIC + LENGTH.pack(len(b)) + b)))
def test_foreign_bytes_are_never_anything_else(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "foreign.plan"
    file.write_bytes(content)
    with pytest.raises(PlanCorrupt):
        read_plan(file)


def test_a_header_is_bounded(tmp_path: Path) -> None:
    file = tmp_path / "large.plan"
    file.write_bytes(MAGIC + LENGTH.pack(MAX_HEADER_BYTES + 1) + b" " * (MAX_HEADER_BYTES + 1))
    with pytest.raises(PlanCorrupt, match="a header of 65537 bytes"):
        read_plan(file)
    with pytest.raises(PlanCorrupt, match="unreadable"):
        read_plan(tmp_path / "absent.plan")


@pytest.mark.parametrize(
    "spans", [{"batch": (8, 1, 32)}, {"batch": (0, 1, 2)}, {"width": (32, 64, 96)}, {"batch": (1, 2, 1 << 17)}]
)
def test_a_profile_that_cannot_be_is_refused(spans: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Profile.model_validate(spans)
