"""`wayside-provision accept`: what each finding of a survey is worth, and the paper that is signed."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.enrolment.identity import private_pem
from edge_agent.enrolment.signing import Signer
from provisioning.acceptance import fonts, judging, pdf
from provisioning.acceptance.judging import AcceptanceOutcome, CameraCard, CameraFinding, Question
from provisioning.contracts.causes import streams
from provisioning.contracts.config.processes import Broker
from provisioning.contracts.fleet.survey import CameraSurvey, SignedSurvey, Survey
from provisioning.contracts.query import statement
from provisioning.contracts.wire.messages import PictureCheck, Signature
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from tests.support.office import DAY_MS, Box, Technician, cameras_csv, enrol

NORTH = (31.3, 120.6)
CODE = "34020000001320000001"


def record(camera_id: str = "gate", **changes: Any) -> CameraRecord:
    told: dict[str, Any] = {"name": "东门", "latitude": 31.301, "longitude": 120.601} | changes
    return CameraRecord(
        "cabinet-7", camera_id, told["name"], "rtsp://h/1", None, None, told["latitude"], told["longitude"]
    )


def seen(camera_id: str = "gate", **changes: Any) -> CameraSurvey:
    well = {
        "reached": True, "width": 1920, "height": 1080, "clock_ms": 120.0, "clock_bound_ms": 200.0, "redacted": True,
        "selected": 5, "archived": 3,
    }  # fmt: skip
    return CameraSurvey.model_validate({"camera_id": camera_id} | well | changes)


def card(a_record: CameraRecord | None = None, a_seen: CameraSurvey | None = None) -> CameraCard:
    (made,) = judging.judge([a_record or record()], [a_seen or seen()], NORTH)
    return made


def test_a_camera_that_is_well_passes_every_question() -> None:
    made = card()
    assert {question: finding.outcome for question, finding in made.findings.items()} == {
        each: AcceptanceOutcome.NONE if each is Question.CODE else AcceptanceOutcome.PASS for each in Question
    }
    assert made.outcome is AcceptanceOutcome.PASS
    assert card(record(CODE), seen(CODE)).findings[Question.CODE].outcome is AcceptanceOutcome.PASS


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        (Question.REACHABLE, {"reached": False, "trouble": "no connection"}),
        (Question.PICTURE, {"picture_faults": (PictureCheck.DARK,)}),
        (Question.CLOCK, {"clock_ms": -3000.0}),
        (Question.REDACTION, {"redacted": False, "redaction_trouble": "a model is missing"}),
        (Question.ARCHIVED, {"archived": 0}),
    ],
)
def test_a_camera_that_is_not_well_fails_that_question(question: Question, changes: dict[str, Any]) -> None:
    finding = card(None, seen(**changes)).findings[question]
    assert finding.outcome is AcceptanceOutcome.FAIL
    assert finding.found
    if question not in {Question.REACHABLE, Question.REDACTION}:  # an older agent's words there
        assert finding.words("zh") != finding.found == finding.words("en")
    assert card(None, seen(**changes)).outcome is AcceptanceOutcome.FAIL


def test_what_an_agent_coded_is_said_in_the_readers_language() -> None:
    reason = streams.NO_SUCH_STREAM(place="192.0.2.7:554")
    finding = card(None, seen(reached=False, trouble="no stream", reason=reason)).findings[Question.REACHABLE]
    assert (finding.found, finding.words("zh")) == ("no stream", "192.0.2.7:554 没有这一路码流。核对地址中的路径")
    older = card(None, seen(reached=False, trouble="no stream")).findings[Question.REACHABLE]
    assert older.words("zh") == "no stream"


@pytest.mark.parametrize("fault", PictureCheck)
def test_each_fault_of_a_picture_names_what_to_check_first(fault: PictureCheck) -> None:
    others = {each: card(None, seen(picture_faults=(each,))).findings[Question.PICTURE].found for each in PictureCheck}
    mine = others.pop(fault)
    assert mine.startswith(f"{fault.replace('_', ' ')}: check ")
    assert mine.partition(": ")[2] not in {other.partition(": ")[2] for other in others.values()}


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        (Question.COORDINATES, {"latitude": None}),
        (Question.COORDINATES, {"latitude": 120.601, "longitude": 31.301}),
        (Question.COORDINATES, {"latitude": 39.9, "longitude": 116.4}),
        (Question.CODE, {"camera_id": "99020000001320000001"}),
        (Question.CODE, {"camera_id": "34020000001180000001"}),
    ],
)
def test_what_the_register_has_wrong_fails(question: Question, changes: dict[str, Any]) -> None:
    made = record(**changes)
    assert card(made, seen(made.id)).findings[question].outcome is AcceptanceOutcome.FAIL


@pytest.mark.parametrize(
    ("question", "changes"),
    [
        (Question.CLOCK, {"clock_ms": None, "clock_bound_ms": None}),
        (Question.CLOCK, {"clock_ms": 1900.0, "clock_bound_ms": 400.0}),
        (Question.PICTURE, {"width": None, "height": None}),
        (Question.REDACTION, {"redacted": None, "archived": 0}),
    ],
)
def test_what_cannot_be_told_is_open_and_no_pass(question: Question, changes: dict[str, Any]) -> None:
    made = card(None, seen(**changes))
    assert made.findings[question].outcome is AcceptanceOutcome.OPEN
    assert made.outcome is not AcceptanceOutcome.PASS


def test_what_was_archived_was_redacted() -> None:
    assert card(None, seen(redacted=None)).findings[Question.REDACTION].outcome is AcceptanceOutcome.PASS


def test_a_camera_on_one_side_alone_fails() -> None:
    missing, stray = judging.judge([record("gate")], [seen("yard")], NORTH)
    assert (missing.camera_id, missing.outcome) == ("gate", AcceptanceOutcome.FAIL)
    assert (stray.camera_id, stray.outcome) == ("yard", AcceptanceOutcome.FAIL)
    assert "register does not have it" in stray.findings[Question.REACHABLE].found


def test_a_site_passes_where_every_camera_does_and_there_is_one() -> None:
    opened = card(None, seen(clock_ms=None))
    assert judging.outcome([]) is AcceptanceOutcome.FAIL
    assert judging.outcome([card()]) is AcceptanceOutcome.PASS
    assert judging.outcome([card(), opened]) is AcceptanceOutcome.OPEN
    assert judging.outcome([card(), opened, card(None, seen(reached=False))]) is AcceptanceOutcome.FAIL


@given(
    st.builds(
        CameraSurvey,
        camera_id=st.just("gate"),
        reached=st.booleans(),
        trouble=st.text(max_size=50),
        width=st.none() | st.integers(1, 4000),
        height=st.none() | st.integers(1, 4000),
        picture_faults=st.lists(st.sampled_from(PictureCheck), unique=True, max_size=3).map(tuple),
        clock_ms=st.none() | st.floats(-1e9, 1e9),
        clock_bound_ms=st.none() | st.floats(0, 1e9),
        redacted=st.none() | st.booleans(),
        selected=st.integers(0, 9),
        archived=st.integers(0, 9),
    )
)
def test_only_a_camera_that_was_reached_redacted_and_archived_passes(survey: CameraSurvey) -> None:
    made = card(None, survey)
    assert set(made.findings) == set(Question)
    if made.outcome is AcceptanceOutcome.PASS:
        assert survey.reached
        assert survey.archived
        assert survey.redacted is not False
        assert survey.picture_faults == ()


# --- paper


HEADING = pdf.Heading("North gate <b>& more", "cabinet-7", "2026-11-26 17:00 +08:00", "wayside-edge 0.1.0", "ab" * 8)


def text_of(file: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler-utils is not installed: apt-get install poppler-utils")
    return subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True, text=True).stdout


@pytest.mark.peer
def test_the_paper_has_both_languages_every_camera_and_lines_to_sign(tmp_path: Path) -> None:
    cards = [card(), card(record("yard", name="院子 <i>"), seen("yard", clock_ms=None))]
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf.as_pdf(HEADING, cards, judging.outcome(cards)))
    text = text_of(file)
    for wanted in ("站点验收报告", "Acceptance of a site", "<b>& more", "院子 <i>", "脱敏", "待查 open", "合格 pass"):
        assert wanted in text, wanted
    for wanted in ("施工单位 Installed by", "验收单位 Accepted by", "日期 Date", "abababab"):
        assert wanted in text, wanted
    assert "set NTP" in text
    assert "设置 NTP" in text


def test_a_machine_without_a_chinese_font_names_the_readers_one(tmp_path: Path) -> None:
    made = pdf.as_pdf(HEADING, [card()], AcceptanceOutcome.PASS, fonts=[tmp_path / "nowhere.ttc"])
    assert fonts.READERS_FONT.encode() in made


def test_a_site_of_the_largest_size_fits_on_pages() -> None:
    findings = {each: CameraFinding(AcceptanceOutcome.FAIL, "x" * 500) for each in Question}
    cards = [CameraCard(f"camera-{number}", "名" * 64, findings) for number in range(256)]
    assert pdf.as_pdf(HEADING, cards, AcceptanceOutcome.FAIL).startswith(b"%PDF")


# --- the command


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    made.sets_up("cabinet-7")
    made.asks("cameras", "import", "cabinet-7", cameras_csv(
        tmp_path / "cameras.csv",
        [["gate", "东门", "rtsp://10.0.0.5/1", "admin", "pw", "31.301", "120.601"]],
    ))  # fmt: skip
    return made


class Cabinet:
    """A box that is enrolled as `cabinet-7`, and signs."""

    def __init__(self, technician: Technician, folder: Path, agent_id: str = "cabinet-7") -> None:
        home, box = Home.open(technician.directory), Box()
        made = enrol(home, agent_id, box)
        self.folder, self.agent_id = folder, agent_id
        self.broker = Broker(host="h", ca_file=folder / "ca", cert_file=folder / "cert", key_file=folder / "key")
        self.broker.cert_file.write_text(made.pem)
        self.broker.key_file.write_bytes(private_pem(box.key))

    def survey(self, *cameras: CameraSurvey, **changes: Any) -> Path:
        """As `wayside-edge survey` prints it."""
        told = {"agent_id": self.agent_id, "surveyed_at_ms": now_ms(), "software": "wayside-edge 0.1.0"}
        said = Survey.model_validate(told | {"cameras": cameras} | changes).model_dump_json()
        return self.write(said, Signer(self.broker).sign(statement.of_survey(said), self.agent_id))

    def write(self, said: str, signature: Signature) -> Path:
        file = self.folder / "survey.json"
        file.write_text(SignedSurvey(survey=said, signature=signature).model_dump_json())
        return file


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def cabinet(technician: Technician, tmp_path: Path) -> Cabinet:
    return Cabinet(technician, tmp_path)


def test_a_site_is_accepted_by_one_command(technician: Technician, cabinet: Cabinet, tmp_path: Path) -> None:
    out = tmp_path / "cabinet-7.pdf"
    answer = technician.asks("accept", "cabinet-7", "--survey", cabinet.survey(seen()), "-o", out)
    assert (answer["result"], answer["cameras"][0]["result"]) == ("pass", "pass")
    assert out.read_bytes().startswith(b"%PDF")
    answer = technician.asks("accept", "cabinet-7", "--survey", cabinet.survey(seen(archived=0)), code=1)
    assert answer["cameras"][0]["findings"]["archived"]["outcome"] == "fail"
    shown = technician.types("accept", "cabinet-7", "--survey", cabinet.survey(seen(archived=0)))
    assert "gate, archived: 5 taken, none confirmed" in shown.stdout


def test_a_survey_that_cannot_count_is_refused(technician: Technician, cabinet: Cabinet, tmp_path: Path) -> None:
    def refused(file: Path) -> str:
        return technician.refused("accept", "cabinet-7", "--survey", file)

    assert "of agent other" in refused(Cabinet(technician, tmp_path, "other").survey(seen()))
    cabinet = Cabinet(technician, tmp_path)
    assert "cannot be read" in refused(tmp_path / "nowhere")
    file = tmp_path / "survey.json"
    unsigned = json.loads(cabinet.survey(seen()).read_text())["survey"]
    for content in ("", "{}", json.dumps({"agent_id": "cabinet-7"}), unsigned):
        file.write_text(content)
        assert "not what `wayside-edge survey` prints, signed" in refused(file)


def test_a_survey_that_is_not_by_the_box_that_is_the_agent_is_refused(
    technician: Technician, cabinet: Cabinet, tmp_path: Path
) -> None:
    def refused(file: Path) -> str:
        return technician.refused("accept", "cabinet-7", "--survey", file)

    signed = SignedSurvey.model_validate_json(cabinet.survey(seen(archived=0)).read_text())
    changed = signed.survey.replace('"archived":0', '"archived":3')
    assert changed != signed.survey
    assert "not what the agent signed" in refused(cabinet.write(changed, signed.signature))
    other = Cabinet(technician, tmp_path, "other")
    stranger = Signer(other.broker).sign(statement.of_survey(signed.survey), "other")
    assert "not of agent 'cabinet-7'" in refused(other.write(signed.survey, stranger))
    old = Cabinet(technician, tmp_path)
    assert "did not count when this was signed" in refused(old.survey(seen(), surveyed_at_ms=1))
    file = old.survey(seen())
    assert technician.asks("accept", "cabinet-7", "--survey", file)["result"] == "pass"
    Home.open(technician.directory).revoke("cabinet-7", "stolen")
    assert "its certificate was revoked" in refused(file)


def test_a_survey_of_two_days_ago_is_refused_though_it_is_signed(
    technician: Technician, cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = cabinet.survey(seen())
    later_ms = now_ms() + 2 * DAY_MS
    monkeypatch.setattr("provisioning.home.home._now_ms", lambda: later_ms)
    assert "a day old" in technician.refused("accept", "cabinet-7", "--survey", file)
