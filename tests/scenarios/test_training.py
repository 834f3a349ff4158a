"""The whole training ground, walked by a script that knows no fault: it finds each cause by what the product says.

It reads what a trainee reads: the API of the console, `wayside-edge doctor` and `wayside-provision doctor`. Of the
causes that it is offered it names the one that the product says. Then it does what the run-book says of that name, and
has the product asked.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.demo.state import default_models
from tests.support.trainee import AGENT, SITE, Said, Trainee

pytestmark = [pytest.mark.losses, pytest.mark.peer, pytest.mark.ray, pytest.mark.timeout(7200)]

COUNT = 20
SITE_ACTS = {
    "dark": "lamp",
    "occluded": "clean",
    "scene_moved": "straighten",
    "camera_clock_off": "ntp",
    "unreachable": "plug",
    "no_answer": "power",
    "no_picture": "codec",
    "wrong_credentials": "login",
}
SERVICES = {
    "agent_silent": "start edge",
    "broker_away": "start broker",
    "enrolment_unreachable": "start provisioning",
    "query_away": "start cluster",
}


def correct_path(script: Trainee, said: Said, call: str) -> None:
    (path,) = re.findall(r"stream at /(\S+)\.", call)
    script.correct_list(said.about.split()[-1], "url", lambda url: f"{url.rsplit(':', 1)[0]}:{port(url)}/{path}")


def correct_port(script: Trainee, _: Said, call: str) -> None:
    (right,) = re.findall(r"\((\w+)\) RTSP port is (\d+)", call)
    script.correct_list(right[0], "url", lambda url: url.replace(f":{port(url)}/", f":{right[1]}/"))


def port(url: str) -> str:
    (found,) = re.findall(r":(\d+)/", url)
    return str(found)


def copy_model(script: Trainee, *_: object) -> None:
    box = script.state / "models" / "yunet.onnx"
    box.unlink()
    shutil.copy(default_models() / box.name, box)
    script.type("restart edge")


def enrol_again(script: Trainee, *_: object) -> None:
    script.type("stop edge")
    script.hear("edge is stopped")
    bundle = script.secrets / "new.bundle"
    script.do("wayside-provision", "agent", "new", AGENT, "--site", SITE, "--again", "--home", script.home)
    script.do("wayside-provision", "bundle", AGENT, "-o", bundle, "--home", script.home)
    script.do("wayside-edge", "enrol", bundle, "--into", script.agent_file.parent, "--again")
    script.type("start edge")


def render(script: Trainee, *_: object) -> None:
    script.do("wayside-provision", "broker", "render", "--home", script.home)
    script.type("restart broker")


def close_key(script: Trainee, *_: object) -> None:
    (script.home / "identities" / "center.key").chmod(0o600)


def copy_token(script: Trainee, *_: object) -> None:
    token = (script.secrets / "query-token").read_bytes()
    (script.secrets / "query-token-of-the-centre").write_bytes(token)
    script.type("restart center")


REMEDIES: Mapping[str, Callable[[Trainee, Said, str], None]] = {
    "not_found": correct_path,
    "configuration_not_taken": correct_port,
    "model_wrong": copy_model,
    "agent_revoked": enrol_again,
    "broker_misconfigured": render,
    "key_readable": close_key,
    "query_denied": copy_token,
}


def mend(script: Trainee, said: Said, call: str) -> None:
    """Does what the run-book says of a name."""
    if slip := re.findall(r"On his slip for .* stands: ([\w-]+)", call):
        script.correct_list(said.about.split()[-1], "password", lambda _: slip[0])
    elif said.name in SITE_ACTS:
        script.type(f"site {SITE_ACTS[said.name]} {said.about.split()[-1]}")
    elif said.name in SERVICES:
        script.type(SERVICES[said.name])
    else:
        REMEDIES[said.name](script, said, call)


@contextmanager
def trainee(folder: Path) -> Iterator[Trainee]:
    made = Trainee(folder)
    try:
        yield made
    finally:
        made.end()


def test_a_script_finds_each_of_the_twenty_faults_by_what_the_product_says_and_mends_it(tmp_path: Path) -> None:
    with trainee(tmp_path) as script:
        for number in range(1, COUNT + 1):
            script.hear(f"Fault {number} of {COUNT}")
            shown = script.hear("  4  ")
            call = " ".join(shown[:-5])
            choices = [line.split()[1] for line in shown[-4:]]
            said = {each for each in script.ask() if each.name in choices}
            assert len({each.name for each in said}) == 1, (call, choices, said)
            found = min(said)
            script.type(found.name)
            script.hear("Yes: ")
            mend(script, found, call)
            script.type("check")
            script.hear("The product says that it is well again.")
            script.hear("Done in ")
    (sheet,) = script.out.glob("*.json")
    graded = json.loads(sheet.read_text())
    assert (graded["right"], graded["asked"]) == (COUNT, COUNT), graded
