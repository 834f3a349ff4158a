"""`bundle`: shown once or written for its owner alone, and nothing is replaced that somebody may be carrying."""

import stat
from pathlib import Path

import cv2
import pytest

from provisioning.contracts.fleet.enrolment import normal_code
from provisioning.home.home import Home
from provisioning.signing.documents import open_bundle
from tests.support.office import Technician

AGENT = "cabinet-7"


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    made.sets_up(AGENT, "cabinet-8")
    return made


def stands(technician: Technician, code: str) -> bool:
    return Home.open(technician.directory).register.code_stands(code, AGENT)


def test_it_is_shown_with_what_to_type_where_there_is_no_file(technician: Technician) -> None:
    done = technician.asks("bundle", AGENT)
    bundle = open_bundle(done["bundle"])
    assert done["typed"] == {
        "server": "10.0.0.5:8843", "pin": bundle.pin, "site": "north", "agent": AGENT, "code": bundle.code,
    }  # fmt: skip
    assert bundle.seal_key.startswith(done["expect"])
    assert len(done["expect"]) == 16
    assert stands(technician, normal_code(done["typed"]["code"]))
    shown = technician.types("bundle", AGENT).stdout
    line = next(each for each in shown.splitlines() if each.startswith("WAYSIDE1."))
    assert open_bundle(line).code in shown
    assert f"--expect {done['expect']}" in shown


def test_each_run_ends_the_one_before(technician: Technician) -> None:
    first, second = (technician.asks("bundle", AGENT)["typed"]["code"] for _ in range(2))
    assert not stands(technician, first)
    assert stands(technician, second)


def test_a_file_is_its_owners_and_the_code_is_nowhere_else(technician: Technician, tmp_path: Path) -> None:
    file = tmp_path / "cabinet-7.bundle"
    done = technician.types("bundle", AGENT, "-o", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code = open_bundle(file.read_text()).code
    assert stands(technician, code)
    assert code not in done.output
    assert "WAYSIDE1" not in done.output


def test_a_file_that_still_counts_is_left_unless_another_is_wanted(technician: Technician, tmp_path: Path) -> None:
    file = tmp_path / "cabinet-7.bundle"
    assert technician.asks("bundle", AGENT, "-o", file)["changed"] is True
    before = file.read_text()
    second = technician.asks("bundle", AGENT, "-o", file)
    assert (second["changed"], second["file"]) == (False, str(file))
    assert file.read_text() == before
    assert technician.asks("bundle", AGENT, "-o", file, "--again")["changed"] is True
    assert file.read_text() != before


@pytest.mark.parametrize("how", ["newer bundle", "another pin", "used"])
def test_a_file_that_no_longer_counts_is_made_anew(technician: Technician, tmp_path: Path, how: str) -> None:
    file = tmp_path / "cabinet-7.bundle"
    technician.asks("bundle", AGENT, "-o", file)
    if how == "newer bundle":
        technician.asks("bundle", AGENT)
    elif how == "another pin":
        technician.asks("service", "replace", "enrolment")
    else:
        home = Home.open(technician.directory)
        bundle = open_bundle(file.read_text())
        key = home.identities.agents.certificate.public_key()
        home.register.enrol(
            bundle.code, site_id="north", agent_id=AGENT, key_sha256="k", secrets_key="0" * 64,
            sign=lambda: home.sign(AGENT, key),  # type: ignore[arg-type]  # any key on the curve will do
        )  # fmt: skip
    assert technician.asks("bundle", AGENT, "-o", file)["changed"] is True
    assert stands(technician, open_bundle(file.read_text()).code)


def test_what_is_no_bundle_of_this_agent_is_not_written_over(technician: Technician, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work")
    technician.asks("bundle", "cabinet-8", "-o", tmp_path / "other.bundle")
    for again in ([], ["--again"]):
        assert "is no bundle" in technician.refused("bundle", AGENT, "-o", thesis, *again)
        assert "is for agent cabinet-8" in technician.refused("bundle", AGENT, "-o", tmp_path / "other.bundle", *again)
    assert thesis.read_text() == "years of work"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "none/x.bundle"], "cannot be written"),
        (["-o", "."], "cannot be written"),
        (["--qr", "x.gif"], ".png or .svg"),
        (["--qr", "none/x.png"], "cannot be written"),
        (["--qr", "-"], "leave out one of them"),
        (["--hours", "nan"], "0.1 to 720"),
        (["--hours", "1000"], "0.1 to 720"),
    ],
)
def test_where_it_cannot_go_the_code_before_still_counts(
    technician: Technician, tmp_path: Path, words: list[str], said: str
) -> None:
    code = technician.asks("bundle", AGENT)["typed"]["code"]
    placed = [words[0], words[1] if words[1] == "-" or words[0] == "--hours" else str(tmp_path / words[1])]
    assert said in technician.refused("bundle", AGENT, *placed)
    assert stands(technician, code)


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_qr_code_is_a_picture_for_its_owner_alone(technician: Technician, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"cabinet-7{suffix}"
    done = technician.asks("bundle", AGENT, "--qr", file)
    assert (done["qr"], "bundle" in done) == (str(file), False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    if suffix == ".svg":
        assert b"<svg" in file.read_bytes()
        return
    # The other detector of OpenCV misses one in four of this size; this one read 300 of 300.
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    read, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(picture)
    assert stands(technician, open_bundle(read).code)


def test_a_qr_code_is_drawn_where_it_fits_and_else_the_line_is_shown(technician: Technician) -> None:
    drawn = technician.types("bundle", AGENT, "--qr", "-", env={"COLUMNS": "120", "LINES": "60"}).stdout
    assert "█▀" in drawn
    assert "WAYSIDE1" not in drawn
    narrow = technician.types("bundle", AGENT, "--qr", "-", env={"COLUMNS": "80", "LINES": "24"}).stdout
    assert "█" not in narrow
    assert "too narrow" in narrow
    assert "WAYSIDE1." in narrow


def test_a_server_by_ipv6_address_is_typed_with_brackets(tmp_path: Path) -> None:
    technician = Technician(tmp_path / "home6")
    technician.asks("init", "--host", "2001:db8::5")
    technician.asks("site", "add", "north", "--name", "North")
    technician.asks("agent", "new", AGENT, "--site", "north")
    assert technician.asks("bundle", AGENT)["typed"]["server"] == "[2001:db8::5]:8843"
