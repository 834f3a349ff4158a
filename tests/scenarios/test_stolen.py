"""A stolen car is sought from its owner's picture, through a real desk agent, to a sighting on the map and its end.

```
owner's picture ─ingest, HTTPS─▶ desk agent (real redactor, signs) ─mTLS─▶ Mosquitto ─▶ intake, parser, archive (no Ray)
recording of a gate ─ingest──────────┘                                                             ▲
ana, sue ─HTTP─▶ wayside-center run ───────── place, signature, look-alikes, erasure ───────────────┘
```

People stand in the picture. Nothing of it as it was brought may be found afterwards: not in any file of any
process, not in the centre's memory.
"""

import re
import shlex
import stat
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import av
import cv2
import httpx
import numpy as np
import pytest

from edge_agent.redactor import cover
from edge_agent.redactor.cover import Rect
from engines.catalog.catalog import Catalog, default_models_dir
from provisioning.contracts.wire import topics
from tests.support.exchange import listens
from tests.support.faces import with_faces
from tests.support.pki import HOST
from tests.support.ports import free_port
from tests.support.premises import BIN, Site
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.network, pytest.mark.timeout(900)]

NUMBER: Final = "A-2026-17"
CASE: Final = f"/api/cases/{NUMBER}"
PASSWORD: Final = "seven wet umbrellas"
PATIENCE_S: Final = 180
SEEN_MS: Final = range(5_800, 8_000)
"""When the clip shows the car: it stands in a street with others, on the right."""
SEEN_PX: Final = 450
"""From here on, from the left; the others are before."""
WALL_PX: Final = 400
"""Of the owner's picture, from the left: people before a wall."""


@dataclass(frozen=True)
class Brought:
    """The owner's picture: the car, and faces beside it."""

    file: Path
    needles: tuple[bytes, ...]
    """Pieces of it that no other file has: of the JPEG, of the faces' pixels, its name."""
    faces: list[Rect]


def _brought(catalog: Catalog, folder: Path) -> Brought:
    """Another look at the car than the recording's: another moment, larger, brighter, cut out, and with people."""
    with av.open(str(catalog.file("bikes"))) as clip:
        frames = [frame.to_ndarray(format="bgr24") for frame in clip.decode(video=0)]
    street = cv2.resize(frames[160][60:230, 330:640], None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    wall = cv2.resize(frames[240][:120, :90], (WALL_PX, street.shape[0])).astype(np.uint8)
    wall, faces = with_faces(catalog, wall, "faces-1", 60)
    image = np.hstack([wall, cv2.convertScaleAbs(street, alpha=1.08, beta=4)])
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    file = folder / "IMG_0815.jpg"
    file.write_bytes(jpeg.tobytes())
    decoded = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    whole = jpeg.tobytes()
    of_file = [whole[at : at + 32] for at in range(len(whole) // 4, len(whole), len(whole) // 9)]
    assert decoded is not None
    of_faces = [decoded[round((face.y0 + face.y1) / 2), round(face.x0) + 12 :][:16].tobytes() for face in faces]
    return Brought(file, (*of_file, *of_faces, file.name.encode()), faces)


@dataclass(frozen=True)
class Town:
    """All processes of this story."""

    site: Site
    desk: Path
    port: int
    query_port: int

    def start_center(self) -> None:
        """`wayside-center run`, until it serves."""
        self.site.start("center", [str(BIN / "wayside-center"), "run", "--config", str(self.site.root / "center.toml")])
        until(lambda: listens(self.port), "the centre serves", patience_s=PATIENCE_S)

    @contextmanager
    def as_(self, name: str) -> Iterator[httpx.Client]:
        """Somebody who is logged in."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=LONG_S, trust_env=False) as client:
            _ok(client.post("/api/login", json={"username": name, "password": PASSWORD}))
            yield client

    def picture(self, row_key: str) -> int:
        """The status with which the archive answers for a picture."""
        token = (self.site.root / "query-token").read_text()
        address = f"http://127.0.0.1:{self.query_port}/observations/{row_key}/picture"
        return httpx.get(address, headers={"Authorization": f"Bearer {token}"}, trust_env=False).status_code


def _ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
def town(site: Site) -> Town:
    site.exchange.start()
    root = site.root
    tls = site.exchange.pki.issue("enrolment")  # any server's certificate for 127.0.0.1
    door = {
        "host": HOST,
        "port": free_port(),
        "tls_cert_file": str(tls.cert_file),
        "tls_key_file": str(tls.key_file),
        "token_file": str(root / "desk.token"),
    }
    places = {"latitude": 30.25, "longitude": 120.16}
    desk = site.edge_config(
        "desk",
        [
            {"id": "gate", "source": {"kind": "upload"}, **places, "selector": {"max_per_second": 1.5}},
            {"id": "stolen", "source": {"kind": "upload"}},
        ],
        desk=door,
        redactor={"overflow": "block"},
    )
    token = root / "query-token"
    token.write_text("q" * 40)
    token.chmod(0o600)
    query_port, port = free_port(), free_port()
    cluster = site.write_toml(
        "cluster",
        {
            "models_dir": str(default_models_dir()),
            "archive_dir": str(root / "archive"),
            "parser_threshold": 0.3,
            "auth_token_file": str(root / "ray-token"),
            "query_token_file": str(token),
            "query_port": query_port,
            "broker": site.broker_table(topics.Role.CLUSTER.value),
        },
    )
    site.write_toml(
        "center",
        {
            "port": port,
            "query_url": f"http://127.0.0.1:{query_port}",
            "query_token_file": str(token),
            "data_dir": str(root / "center"),
            "broker": site.broker_table(topics.Role.CENTER.value),
            "cases": {
                "desk": "desk/stolen",
                "desk_address": f"{HOST}:{door['port']}",
                "desk_ca_file": str(site.exchange.pki.identities.agents.ca_file),
                "delete_after_days": 0,
            },
        },
    )
    town = Town(site, desk, port, query_port)
    site.start("cluster", [str(BIN / "python"), "-m", "tests.support.small_cluster", str(cluster)])
    site.start("desk", [str(BIN / "wayside-edge"), "run", "--config", str(desk)])
    town.start_center()
    until(lambda: "ready" in site.text("desk"), "the desk agent is ready", patience_s=PATIENCE_S)
    return town


def _accounts(town: Town) -> None:
    code = (town.site.root / "center" / "setup-code").read_text().strip()
    with httpx.Client(base_url=f"http://127.0.0.1:{town.port}", timeout=LONG_S, trust_env=False) as client:
        _ok(client.post("/api/setup", json={"code": code, "username": "operator", "password": PASSWORD}))
    with town.as_("operator") as operator:
        for name, role in (("ana", "analyst"), ("sue", "supervisor")):
            _ok(operator.post("/api/users", json={"username": name, "password": PASSWORD, "grants": [{"role": role}]}))


def _ingest(town: Town, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{town.site.text('desk')[-2000:]}"


def _bring(town: Town, ana: httpx.Client, brought: Brought) -> dict[str, Any]:
    """Ask for a place, and run the command that the centre shows for it."""
    place = _ok(ana.post(f"{CASE}/pictures"))
    files = {"FILE": str(brought.file), "desk.crt": str(town.site.exchange.identity("desk").ca_file)}
    files["desk.token"] = str(town.site.root / "desk.token")
    words = [files.get(word, word) for word in shlex.split(place["command"])]
    _ingest(town, [str(BIN / words[0]), *words[1:]])
    kept: dict[str, Any] = {}

    def arrived() -> bool:
        kept.update(_ok(ana.get(f"{CASE}/pictures"))["items"][0])
        return bool(kept["arrived"])

    until(arrived, "the picture is archived", patience_s=PATIENCE_S)
    assert kept["row_key"] == place["row_key"]
    return kept


def _found_in_files(root: Path, needles: Sequence[bytes]) -> list[str]:
    """Search all files of a folder; where one goes meanwhile, perhaps to another name, all of them again."""
    found: list[str] = []

    def all_read() -> bool:
        found.clear()
        try:
            for file in root.rglob("*"):
                if stat.S_ISREG(file.lstat().st_mode):
                    content = file.read_bytes()
                    found.extend(f"{file.relative_to(root)}: {each[:8].hex()}" for each in needles if each in content)
        except FileNotFoundError:
            return False
        return True

    until(all_read, "a look during which no file goes")
    return found


def _found_in_memory(pid: int, needles: Iterable[bytes]) -> list[str]:
    """In what a process may write, and in files that it has mapped."""
    found = []
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if span is None:
                continue
            first, last = (int(part, 16) for part in span.groups())
            memory.seek(first)
            try:
                content = memory.read(last - first)
            except OSError:  # the kernel's own
                continue
            found += [needle[:8].hex() for needle in needles if needle in content]
    return found


def test_from_the_owners_picture_to_a_sighting_and_to_its_erasure(
    town: Town, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> None:
    brought = _brought(catalog, tmp_path_factory.mktemp("owner"))
    began_ms = round(time.time() * 1000) // 1000 * 1000 - 3_600_000
    began = datetime.fromtimestamp(began_ms / 1000, UTC).isoformat()
    gate = ["--camera", "gate", "--started-at", began, "--config", str(town.desk)]
    _ingest(town, [str(BIN / "wayside-edge"), "ingest", str(catalog.file("bikes")), *gate])
    _accounts(town)
    terms = {
        "purpose": "theft of a car",
        "cameras": ["desk/gate"],
        "from_ms": began_ms,
        "to_ms": began_ms + 60_000,
        "expires_at_ms": began_ms + 86_400_000,
        "cls": "car",
    }
    with town.as_("ana") as ana, town.as_("sue") as sue:
        _ok(ana.post("/api/cases", json={"number": NUMBER, "terms": terms}))
        place = _bring(town, ana, brought)
        car = max((each for each in place["machines"]), key=lambda each: each["box"]["x0"])
        assert (car["cls"], car["box"]["x0"] > WALL_PX) == ("car", True)
        _ok(ana.post(f"{CASE}/sought", json={"row_key": place["row_key"], "index": car["index"]}))
        (kept,) = _ok(ana.get(f"{CASE}/pictures"))["items"]
        assert re.fullmatch("[0-9a-f]{64}", kept["certificate_sha256"])
        assert ana.post(f"{CASE}/search", json={}).json()["code"] == "case_not_approved"
        _ok(ana.post(f"{CASE}/request", json={"version": 1}))
        _ok(sue.post(f"{CASE}/approve", json={"version": 1}))

        found = _ok(ana.post(f"{CASE}/search", json={}))["items"]
        offsets = [each["machine"]["captured_at_ms"] - began_ms for each in found]
        print("candidates:", [(o, round(e["score"]["total"], 3)) for o, e in zip(offsets, found, strict=True)])  # noqa: T201
        is_right = [
            offset in SEEN_MS and each["machine"]["box"]["x0"] >= SEEN_PX
            for each, offset in zip(found, offsets, strict=True)
        ]
        right = found[is_right.index(True)]
        assert right in found[:2]
        assert len(found) > 2, "there was something to choose from"
        wrong = found[is_right.index(False)]
        for each, verdict in ((right, "confirmed"), (wrong, "rejected")):
            machine = each["machine"]
            _ok(ana.put(f"{CASE}/machines/{machine['row_key']}/{machine['index']}", json={"verdict": verdict}))
        (sighting,) = _ok(ana.get(f"{CASE}/sightings"))["items"]
        assert (sighting["latitude"], sighting["longitude"]) == (30.25, 120.16)

        # What was brought is nowhere; what was made of it is in the archive.
        center = town.site.pid("center")
        assert _found_in_memory(center, [NUMBER.encode()]), "the look into memory finds what is there"
        assert _found_in_memory(center, brought.needles) == []
        assert _found_in_files(town.site.root, brought.needles) == []
        crop = f"{CASE}/machines/{place['row_key']}/{car['index']}/crop"
        assert ana.get(crop).headers["content-type"] == "image/jpeg"
        redacted = ana.get(f"/api/observations/{place['row_key']}/picture").content
        assert _found_in_files(town.site.root, [redacted[len(redacted) // 2 :][:32]]), "the search of files finds"
        assert all(_is_covered(redacted, face) for face in brought.faces)

        assert town.picture(place["row_key"]) == 200
        _ok(ana.post(f"{CASE}/close", json={"version": 1}))
    town.site.stop("center")
    town.start_center()  # it sweeps as it starts
    until(lambda: town.picture(place["row_key"]) == 410, "the archive has erased it", patience_s=PATIENCE_S)
    assert town.picture(right["machine"]["row_key"]) == 200, "a camera's picture stays"


def _is_covered(jpeg: bytes, face: Rect) -> bool:
    """Whether where this face was is one colour."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    part = image[round(face.y0) : round(face.y1), round(face.x0) : round(face.x1)]
    return bool(np.abs(part.astype(int) - cover.COLOUR).max() < 16)
