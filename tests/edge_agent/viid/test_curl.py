"""An independent digest client: curl registers and pushes."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from tests.edge_agent.viid.device import DEVICE, PASSWORD, USER, sub_image, two_wheeler
from tests.edge_agent.viid.serving import Site, serving
from tests.edge_agent.world import noise
from tests.support.waiting import LONG_S

pytestmark = pytest.mark.peer

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    if shutil.which("curl") is None:
        pytest.skip("curl is missing: apt-get install curl")
    with serving(tmp_path) as running:
        yield running


def curl(site: Site, path: str, body: str, *options: str, password: str = PASSWORD) -> tuple[int, str]:
    """Status and body. The password stands on no command line: curl reads it."""
    settings = f'user = "{USER}:{password}"\n'
    done = subprocess.run(
        [
            *("curl", "--silent", "--max-time", f"{LONG_S:g}", "--write-out", "\n%{http_code}", "--config", "-"),
            *("--header", f"User-Identify: {DEVICE}", "--data-binary", body, *options),
            f"http://127.0.0.1:{site.port}{path}",
        ],
        input=settings,
        capture_output=True,
        text=True,
        check=True,
    )
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), answer


REGISTER = json.dumps({"RegisterObject": {"DeviceID": DEVICE}})


def test_curl_registers_and_pushes(site: Site, tmp_path: Path) -> None:
    status, answer = curl(site, "/VIID/System/Register", REGISTER, "--digest")
    assert (status, json.loads(answer)["ResponseStatusObject"]["StatusCode"]) == (200, 0)
    body = tmp_path / "body.json"
    # Over 1 MiB curl asks with Expect: 100-continue.
    body.write_text(json.dumps(two_wheeler(sub_image(JPEG + bytes(1_500_000)))), encoding="utf-8")
    status, _ = curl(site, "/VIID/NonMotorVehicles", f"@{body}", "--header", "Expect: 100-continue")
    assert status == 200
    assert len(site.come_out(1)) == 1


def test_curl_with_a_wrong_password_does_not(site: Site) -> None:
    status, _ = curl(site, "/VIID/System/Register", REGISTER, "--digest", password="wrong")
    assert status == 401
    assert site.counts() == {"refused": 1}


def test_curl_with_basic_authentication_does_not(site: Site) -> None:
    assert curl(site, "/VIID/System/Register", REGISTER, "--basic")[0] == 401
    assert site.counts() == {}
