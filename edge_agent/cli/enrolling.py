"""Runs `wayside-edge enrol`: makes this box an agent of its centre."""

import json
import re
import shlex
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from rich.markup import escape

from edge_agent.cli.command import err, one_line, out
from edge_agent.clock import SystemClock
from edge_agent.enrolment.enrol import Enrolment
from edge_agent.enrolment.enrol import enrol as become_agent
from edge_agent.enrolment.identity import utc
from edge_agent.enrolment.request import BUNDLE_START, EnrolmentOrder, read_bundle
from edge_agent.errors import EnrolmentError
from provisioning.contracts.fleet.enrolment import CODE_PATTERN, Bundle, normal_code


@one_line
def enrol(
    into: Path,
    *,
    bundle: str | None,
    typed: tuple[str, str, str, str] | None,
    models_dir: Path | None,
    expect: str | None,
    again: bool,
    wait_s: float,
    as_json: bool,
) -> int:
    """Enrol as an agent: with a bundle, or with server, pin, site and agent as typed."""
    if (bundle is None) == (typed is None):
        raise EnrolmentError("give a bundle's file, or '-' for stdin, or else --server, --pin, --site and --agent")
    if bundle is not None:
        carried = _read_bundle(bundle)
        order, code = EnrolmentOrder.of(carried), lambda _: carried.code
    else:
        server, pin, site, agent = typed or ("", "", "", "")
        order, code = EnrolmentOrder.typed(server=server, pin=pin, site=site, agent=agent), _ask_code
    done = become_agent(
        order, into, code, SystemClock(), models_dir=models_dir, expect=expect, again=again, wait_s=wait_s
    )
    if as_json:
        shown = {
            "agent_id": done.owner.agent_id,
            "site_id": done.owner.site_id,
            "config": str(done.config),
            "certificate_ends": datetime.fromtimestamp(done.ends_ms // 1000, UTC).isoformat(),
        }
        print(json.dumps(shown))  # noqa: T201 - a program reads this
    else:
        _print_enrolled(done)
    return 0


def _read_bundle(place: str) -> Bundle:
    if place.lstrip().startswith(BUNDLE_START):  # the name of no file, and it must not be repeated in an error
        raise EnrolmentError(
            "this is the bundle itself, and everybody on this machine can read a command's arguments: give the name of"
            " its file, or '-' and the line on stdin"
        )
    if place == "-":
        if sys.stdin.isatty():
            err.print("The bundle's line, then Enter:", highlight=False)
            return read_bundle(BytesIO(sys.stdin.buffer.readline()))
        return read_bundle(sys.stdin.buffer)
    try:
        with Path(place).open("rb") as file:
            return read_bundle(file)
    except OSError as error:
        raise EnrolmentError(f"{place}: the bundle cannot be read ({error.strerror})") from error


def _ask_code(seal_key: str) -> str:
    """Read the code from a line of stdin, never from an argument: those everybody on the machine can read."""
    err.print(f"This service's seal is {seal_key[:16]}: compare it with what you were given.", highlight=False)
    for _ in range(3):
        err.print("One-time code (XXXX-XXXX-XXXX-XXXX): ", end="", highlight=False)
        line = sys.stdin.readline(200)
        if re.fullmatch(CODE_PATTERN, code := normal_code(line)):
            return code
        if not line:
            break
        err.print("a code has sixteen letters and digits, in fours: look again", highlight=False)
    raise EnrolmentError("no code was given; it stands beside the pin, in what `wayside-provision bundle` printed")


def _print_enrolled(done: Enrolment) -> None:
    agent = f"agent {done.owner.agent_id} of site {done.owner.site_id}"
    if done.is_new:
        out.print(f"enrolled: {agent}, certificate until {utc(done.ends_ms)}", highlight=False)
        out.print(f"It obeys the seal {done.seal_key[:16]}: compare it with what you were given.", highlight=False)
        out.print("The bundle is of no more use: its code is spent. Delete it.", highlight=False)
    else:
        out.print(f"enrolled already: {agent}, certificate until {utc(done.ends_ms)}", highlight=False)
        out.print("Nothing was sent, and no code was spent; --again enrols anew, with a new bundle.", highlight=False)
    if done.set_aside is not None:
        out.print(f"The earlier configuration is now {escape(str(done.set_aside))}", highlight=False)
    out.print(f"Next: wayside-edge check --config {escape(shlex.quote(str(done.config)))}", highlight=False)
