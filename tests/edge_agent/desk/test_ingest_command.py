"""`wayside-edge ingest`: what is typed, what is said, and nothing heavy before it is needed."""

import json
import subprocess
import sys
from pathlib import Path

import av
import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import app
from tests.edge_agent.desk.premises import CAMERA, Papers, Premises, street
from tests.edge_agent.world import edge_config

STARTED_AT = "2023-11-14T22:13:20Z"


def invoke(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["ingest", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def configuration(folder: Path, papers: Papers) -> Path:
    """As it stands on the desk agent's own machine."""
    desk = papers.desk(host="0.0.0.0")
    edge = edge_config(folder, desk=desk.model_dump(), cameras=[{"id": CAMERA, "source": {"kind": "upload"}}])
    lines = [
        'agent_id = "street"\nmodels_dir = "models"',
        '[broker]\nhost = "127.0.0.1"\nport = 1\nca_file = "ca"\ncert_file = "crt"\nkey_file = "key"',
        '[spool]\ndirectory = "spool"',
        "[desk]",
        *(
            f'{name} = "{value}"'
            for name, value in desk.model_dump(mode="json", exclude_none=True).items()
            if name != "port"
        ),
        f"port = {desk.port}",
        f'[[cameras]]\nid = "{edge.cameras[0].id}"\nsource = {{ kind = "upload" }}',
    ]
    path = folder / "agent.toml"
    path.write_text("\n".join(lines))
    return path


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from edge_agent.__main__ import app\n"
        "try: app(['ingest', '--help'], prog_name='wayside-edge')\n"
        "except SystemExit: pass\n"
        "print(sorted({'av', 'aiohttp', 'cv2', 'numpy', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--started-at" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_on_the_agent_s_own_machine_its_configuration_is_enough(desk: Premises, papers: Papers, tmp_path: Path) -> None:
    config = configuration(tmp_path, papers)
    file = street(tmp_path / "street.mp4")
    what = (file, "--camera", CAMERA, "--started-at", STARTED_AT, "--config", config)
    said = (0, "complete: 50 pictures looked at, 50 selected, 50 spooled\n", "160×96 h264 for camera gate\n")
    assert invoke(*what) == said
    code, out, _ = invoke(*what)
    assert (code, out) == (0, "all of it was in already; nothing was sent. --again looks at it anew\n")
    code, out, _ = invoke(*what, "--again", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, lines[-1]["end"], lines[-1]["dropped"]) == (0, "complete", {"duplicate": 50})
    assert all(line.keys() >= {"position_ms", "settled_ms", "held", "times_real_time"} for line in lines)
    assert papers.token_file.read_text() not in out
    assert len(desk.offsets()) == 50


def test_the_start_is_asked_for_and_what_the_file_claims_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "street.mp4"
    with av.open(str(street(tmp_path / "plain.mkv", 3))) as source, av.open(str(file), "w") as target:
        target.metadata["creation_time"] = "2023-11-14T22:13:20.000000Z"
        track = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                target.mux(packet)
    code, out, err = invoke(file, "--camera", CAMERA, "--server", "127.0.0.1:1", "--ca", "x", "--token-file", "x")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "2023-11-14T22:13:20.000000Z" in err
    assert "often the end" in err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "give --config, or --server with --ca and --token-file"),
        (["--server", "127.0.0.1:8446"], "give --config, or --server with"),
        (["--config", "agent.toml", "--server", "127.0.0.1:8446"], "give --config, or --server with"),
        (["--config", "nowhere.toml"], "cannot be read"),
        (["--server", "127.0.0.1", "--ca", "x", "--token-file", "x"], "give HOST:PORT"),
        (["--server", "127.0.0.1:99999", "--ca", "x", "--token-file", "x"], "give HOST:PORT"),
        (["--server", "127.0.0.1:1", "--ca", "nowhere", "--token-file", "x"], "no certificate that can be used"),
    ],
)
def test_a_wrong_command_is_one_line(options: list[str], expected: str, tmp_path: Path) -> None:
    file = street(tmp_path / "street.mkv", 3)
    code, out, err = invoke(file, "--camera", CAMERA, "--started-at", STARTED_AT, *options)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert expected in err


def test_an_agent_that_takes_no_recordings_says_so(papers: Papers, tmp_path: Path) -> None:
    config = configuration(tmp_path, papers)
    text = config.read_text()
    start, end = text.index("[desk]"), text.index("[[cameras]]")
    config.write_text(text[:start] + text[end:].replace('kind = "upload"', 'kind = "replay", path = "."'))
    code, _, err = invoke(
        street(tmp_path / "street.mkv", 3), "--camera", CAMERA, "--started-at", STARTED_AT, "--config", config
    )
    assert code == 2
    assert "has no [desk]" in err


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "no video that can be read"), (b"#EXTM3U\n", "no video that can be read"), (None, "No such")],
)
def test_what_is_no_recording_is_one_line(content: bytes | None, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "street.mp4"
    if content is not None:
        file.write_bytes(content)
    code, _, err = invoke(file, "--camera", CAMERA, "--started-at", STARTED_AT)
    assert (code, len(err.splitlines())) == (2, 1)
    assert expected in err
