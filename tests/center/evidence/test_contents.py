"""What is in an export, and what must never be: a person, a covered region, a name that runs as code."""

import hashlib
import io
import json
import shutil
import subprocess
import tracemalloc
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from center.audit.log import Audit
from center.database.store import Store
from center.evidence import audit_extract, custody, names, summary
from center.evidence.manifest import Case, LeftOut, Manifest, ManifestError, canonical
from center.evidence.package import ExportOrder, Package
from provisioning.contracts.query.archive import FoundAt, Observation
from tests.center.evidence.desk import AUDIT, CASE, Desk, contents, export
from tests.center.street import NOW_MS, observation

KEY = "cabinet-7:" + "0" * 32
EVIL = "<script>alert(1)</script> & \0\x1b[31m <para> 站前街"


def words(value: Any) -> set[str]:
    """Every key and text in a JSON value."""
    match value:
        case dict():
            return {*value, *(word for each in value.values() for word in words(each))}
        case list():
            return {word for each in value for word in words(each)}
        case str():
            return {value}
        case _:
            return set()


def test_pictures_are_byte_for_byte_as_they_are_archived(good: Path) -> None:
    files = contents(good)
    for number in range(3):
        item, jpeg = observation(f"cam-{number % 2}", NOW_MS - 40_000 * number, number)
        assert files[f"observations/{number + 1:04d}-cam-{number % 2}/picture.jpg"] == jpeg
        assert hashlib.sha256(jpeg).hexdigest() == item.snapshot.picture_sha256


def test_beside_each_picture_stand_time_trust_camera_agent_and_machines(good: Path) -> None:
    item, _ = observation("cam-0", NOW_MS, 0)
    said = json.loads(contents(good)["observations/0001-cam-0/metadata.json"])
    assert said["captured"]["ms_since_1970_utc"] == NOW_MS
    assert said["captured"]["utc"] == "2026-11-23 16:00:00.000 UTC"
    assert said["captured"]["local"] == "2026-11-24 00:00:00 +08:00"
    assert said["captured"]["trusted"] is True
    assert said["camera"] == {"id": "cam-0", "name": "Station Street 站前街"}
    assert said["agent"] == "cabinet-7"
    assert [machine["box"] for machine in said["machines"]] == [each.box.model_dump() for each in item.machines]


def test_nothing_in_it_speaks_of_people_or_of_what_was_covered(good: Path) -> None:
    # The rows say seven people and one region each.
    for name, content in contents(good).items():
        if name.endswith(".json") and name != names.AUDIT:
            spoken = words(json.loads(content))
            assert not spoken & {"people", "persons", "person", "regions", "covered_share", "redaction_regions"}, name


def test_what_is_written_has_no_place_for_people_whatever_the_row_says() -> None:
    item, jpeg = observation("cam-0", NOW_MS, 0)
    crowded = item.model_copy(update={"snapshot": item.snapshot.model_copy(update={"people": 9_999})})

    def said(row: Observation) -> list[dict[str, Any]]:
        return [custody.metadata(row, camera_name="", picture_bytes=len(jpeg)), custody.links(row, folder="x")]

    assert said(crowded) == said(item)


def test_the_chain_goes_from_the_camera_to_the_commit_and_names_what_is_missing(good: Path) -> None:
    item, _ = observation("cam-1", NOW_MS - 40_000, 1)
    row = item.snapshot
    link = json.loads(contents(good)[names.CUSTODY])["observations"][1]
    assert link["message"]["sha256"] == row.message_sha256
    assert link["message"]["agent_signature"] is None
    assert link["redaction"] == {"policy": row.redaction.policy, "models_sha256": row.redaction.models}
    assert link["commit"]["sequence"] == row.commit_seq
    assert set(link["missing"]) == {"message.agent_signature", "message.envelope", "parser.detector", "parser.found_at"}


def test_a_row_that_knows_its_detector_misses_less() -> None:
    item, _ = observation("cam-1", NOW_MS, 1)
    sequence = (7 << custody.SEQUENCE_BITS) + 42
    known = {"detector": "yolo", "detector_sha256": "c" * 64, "found_at": FoundAt.EDGE, "commit_seq": sequence}
    row = item.snapshot.model_copy(update=known)
    link = custody.links(item.model_copy(update={"snapshot": row}), folder="x")
    assert link["parser"] == {"detector": "yolo", "model_sha256": "c" * 64, "found_at": "edge"}
    assert not {"parser.detector", "parser.found_at"} & set(link["missing"])
    assert (link["commit"]["epoch"], link["commit"]["number"]) == (7, 42)


def test_the_same_facts_make_the_same_files_but_for_signature_and_stamp(desk: Desk, tmp_path: Path) -> None:
    made = []
    for name in ("one.zip", "two.zip"):
        export(desk.sealer, tmp_path / name)
        made.append(contents(tmp_path / name))
    assert list(made[0]) == list(made[1])
    assert [name for name in made[0] if made[0][name] != made[1][name]] == [names.SIGNATURE, names.STAMP]


def test_a_hostile_name_is_text_and_neither_path_nor_mark_up(desk: Desk, tmp_path: Path) -> None:
    archive = tmp_path / "evidence.zip"
    export(desk.sealer, archive, pictures=2, camera_name=EVIL)
    files = contents(archive)
    assert json.loads(files["observations/0001-cam-0/metadata.json"])["camera"]["name"] == EVIL
    assert not any("script" in name for name in files)
    assert files[names.SUMMARY].startswith(b"%PDF-")


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_summary_can_be_read_in_both_languages(good: Path) -> None:
    pdf = contents(good)[names.SUMMARY]
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
    for expected in (CASE.number, "证据摘要", "Evidence summary", "2026-11-24 00:00:00 +08:00", "16:00:00.000 UTC"):
        assert expected in text
    assert "Station Street 站前街" in text


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is not installed")
def test_the_summary_draws_the_box_of_each_machine(good: Path, tmp_path: Path) -> None:
    pdf, page = tmp_path / "summary.pdf", tmp_path / "page"
    pdf.write_bytes(contents(good)[names.SUMMARY])
    subprocess.run(["pdftoppm", "-png", "-r", "150", "-f", "1", "-l", "1", pdf, page], check=True)
    with Image.open(next(tmp_path.glob("page*.png"))) as drawn:
        pixels = drawn.convert("RGB").tobytes()
    assert pixels.count(bytes((255, 176, 32))) > 100


@pytest.fixture(scope="module")
def font() -> str:
    """Loads the font once, as a centre does."""
    return summary.load_font(None)


@settings(max_examples=30)  # a page is set each time
@given(text=st.text(max_size=80))
def test_any_name_makes_a_summary(font: str, text: str) -> None:
    item, jpeg = observation("cam-0", NOW_MS, 0)
    shown = summary.item(1, "observations/0001-cam-0", item, jpeg, text)
    pdf = summary.render(
        [shown],
        case=Case.model_construct(number=text, purpose=text, requester=text),
        export_id="a" * 32,
        exported_by=text,
        exported_at_ms=NOW_MS,
        left_out=[LeftOut(row_key=KEY, reason="unknown")],
        clock=(text, text),
        font=font,
    )
    assert pdf.startswith(b"%PDF-")


def test_a_picture_that_cannot_be_decoded_is_exported_without_a_small_one(desk: Desk) -> None:
    item, jpeg = observation("cam-0", NOW_MS, 0)
    package = Package(io.BytesIO(), ExportOrder("a" * 32, CASE, "operator", 1), desk.sealer)
    package.add(item, jpeg[:2000], camera_name="")
    assert package.close(dict(AUDIT), now_ms=NOW_MS).files[0].size == 2000


@pytest.mark.parametrize("reason", ["erased", "withheld", "leak", "damaged", "unknown"])
def test_what_was_left_out_is_named_with_its_reason(desk: Desk, tmp_path: Path, reason: Any) -> None:
    archive = tmp_path / "evidence.zip"
    manifest = export(desk.sealer, archive, pictures=1, left_out=[LeftOut(row_key=KEY, reason=reason)])
    assert [out.reason for out in manifest.left_out] == [reason]
    assert manifest.asked_for == 2
    assert contents(archive)[names.README].decode().count(KEY) == 2


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\0b", "\x1b[31m", "x" * 65], ids=range(6))
def test_a_case_number_is_one_printable_line(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        Case(number=text, purpose="p", requester="r")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_but_a_manifest_in_its_one_spelling_are_a_manifest(data: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.decode(data)


def test_a_manifest_comes_back_as_it_went_and_in_no_other_spelling(good: Path) -> None:
    data = contents(good)[names.MANIFEST]
    assert Manifest.decode(data).encode() == data
    listed = json.loads(data)
    for other in (
        data + b"\n",
        data.replace(b'"version":1', b'"version": 1'),
        data.replace(b'"version":1', b'"version":1.0'),
        json.dumps(listed | {"more": 1}).encode(),
        canonical(listed | {"files": listed["files"] * 2}),
        canonical(listed | {"files": [{"name": "../x", "sha256": "0" * 64, "size": 1}]}),
    ):
        with pytest.raises(ManifestError):
            Manifest.decode(other)


def test_memory_does_not_grow_with_the_pictures(desk: Desk, tmp_path: Path) -> None:
    item, jpeg = observation("cam-0", NOW_MS, 0)
    large = jpeg + bytes(1_000_000)
    with (tmp_path / "evidence.zip").open("wb") as target:
        package = Package(target, ExportOrder("a" * 32, CASE, "operator", 40), desk.sealer)
        package.add(item, large, camera_name="")
        tracemalloc.start()
        for _ in range(40):
            package.add(item, large, camera_name="")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        package.close(dict(AUDIT), now_ms=NOW_MS)
    assert peak < 8_000_000  # of 40 MB that went through


SEES_ALL: Final = audit_extract.ExtractSight(cases=frozenset, exports=frozenset)
SEES_NONE: Final = audit_extract.ExtractSight(cases=lambda _: frozenset(), exports=lambda _: frozenset())
MINE, OTHERS = "cabinet-7:" + "1" * 32, "cabinet-7:" + "2" * 32


def _acted(store: Store) -> None:
    audit = Audit(store, lambda: NOW_MS)
    audit.append("operator", "login", {})
    audit.append("operator", "observation.view", {"row_key": MINE})
    audit.append("operator", "observation.view", {"row_key": OTHERS})
    audit.append("operator", "evidence.pictures", {"row_keys": [OTHERS, MINE], "case": "other", "export": "e1"})
    audit.append("operator", "evidence.export", {"case": CASE.number, "export": "e2"})
    audit.append("operator", "case.open", {"case": CASE.number})
    audit.append("operator", "case.open", {"case": CASE.number + "-b"})
    audit.append("operator", "case.seek", {"case": CASE.number, "row_key": MINE})
    audit.append("operator", "note", {"text": f"row_key {MINE}"})


def test_the_audit_extract_has_what_names_these_observations_or_the_case_and_nothing_else(store: Store) -> None:
    _acted(store)
    found = audit_extract.extract(store, frozenset({MINE}), CASE.number, SEES_ALL)
    assert [entry["action"] for entry in found["entries"]] == [
        "observation.view",
        "evidence.pictures",
        "evidence.export",
        "case.open",
        "case.seek",
    ]
    assert set(found["entries"][0]) >= {"id", "at_ms", "actor", "action", "detail", "utc", "local"}
    assert not found["missing"]


def test_the_extract_for_a_case_out_of_sight_goes_by_observation_and_counts_what_it_keeps_back(store: Store) -> None:
    _acted(store)
    found = audit_extract.extract(store, frozenset({MINE}), CASE.number, SEES_NONE)
    assert [entry["action"] for entry in found["entries"]] == ["observation.view"]
    assert "there is no case of this number" in found["missing"]["case"]
    assert found["missing"]["entries"].startswith("2 about these observations")


def test_the_extract_says_whether_the_audit_is_chained(store: Store) -> None:
    found = audit_extract.extract(store, frozenset(), "x", SEES_ALL)
    assert bool(found["chain_fields"]) != ("chain" in found["missing"])


@pytest.mark.parametrize(
    ("detail", "named"),
    [
        ('{"row_key": "k1"}', (True, "")),
        ('{"row_keys": ["k2", "k1"]}', (True, "")),
        ('{"row_keys": [{"row_key": "k1"}]}', (False, "")),
        ('{"row_keys": {"count": 9, "first": ["k2", "k1"], "sha256": "00"}}', (True, "")),
        ('{"case": "c1"}', (False, "c1")),
        ('{"case": "c1", "row_keys": ["k1", "k', (True, "")),
        ('{"row_keys": ["k3", "k', (False, "")),
        ("[]", (False, "")),
        ("", (False, "")),
    ],
    ids=range(9),
)
def test_an_entry_concerns_an_observation_that_it_names(detail: str, named: tuple[bool, str]) -> None:
    found = audit_extract.named_in("observation.view", detail, frozenset({"k1"}))
    assert (found.observation, found.number) == named


@pytest.mark.parametrize("detail", ['{"row_keys": ["k1", "k', '{"row_keys": ["k1"]}'], ids=["cut off", "no case"])
def test_an_act_whose_case_or_export_cannot_be_read_is_of_one_that_is_out_of_sight(detail: str) -> None:
    assert audit_extract.named_in("case.pictures", detail, frozenset({"k1"})).case == ""
    assert audit_extract.named_in("evidence.pictures", detail, frozenset({"k1"})).export == ""
