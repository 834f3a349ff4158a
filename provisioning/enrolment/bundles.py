"""Makes the bundle that a technician carries to a box: a line, a file, or a QR code. It holds a one-time code."""

import io
import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import segno

from provisioning.contracts.fleet.enrolment import Bundle
from provisioning.errors import HomeError
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult, moment
from provisioning.signing.documents import SealError, open_bundle

TERMINAL: Final = "-"
"""In place of a picture's file: draws the QR code on the terminal."""
_PICTURES: Final = (".png", ".svg")
_MIN_HOURS: Final = 0.1
_MAX_HOURS: Final = 720.0
_SCALE: Final = 6
"""Pixels of a PNG for one dot of the code."""


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """Options of `bundle`. With neither file nor QR code the bundle is printed."""

    file: Path | None
    qr: str | None
    hours: float
    again: bool
    """Make another even if `file` holds one that is still usable."""


def make(home: Home, agent_id: str, wish: BundleOptions, *, as_json: bool) -> CommandResult:
    """Makes a bundle and writes it as requested; the code made before it becomes invalid.

    Raises:
        RegisterError: no such agent, or it is revoked.
        HomeError: it cannot be written there. Then none was made.
    """
    home.register.agent(agent_id)
    _check(wish, as_json=as_json)
    if wish.file is not None and wish.file.exists():
        known = _read(wish.file, agent_id)
        if _stands(home, known) and not wish.again:
            facts = {"changed": False, **_facts(known), "file": str(wish.file)}
            notice = f"{wish.file}: holds a bundle that still counts; nothing was changed. Another one: --again"
            return CommandResult(facts, [notice, *_to_compare(known)])
    line, bundle = home.bundle(agent_id, timedelta(hours=wish.hours))
    facts = {"changed": True, **_facts(bundle), "file": None, "qr": None}
    shown = [f"a bundle for agent {agent_id} at site {bundle.site_id}; any that was made before counts no more"]
    if wish.file is not None:
        facts["file"] = str(durable.write(wish.file, f"{line}\n".encode()))
        shown.append(f"{wish.file}: carry it to the box and run there: wayside-edge enrol {wish.file.name} --into DIR")
    drawn = _drawn(line) if wish.qr == TERMINAL else None
    if drawn is not None:
        shown.append(drawn)
    elif wish.qr is not None and wish.qr != TERMINAL:
        facts["qr"] = str(durable.write(Path(wish.qr), _picture(line, Path(wish.qr).suffix)))
        shown.append(f"{wish.qr}: the same as a QR code")
    if wish.qr == TERMINAL and drawn is None:
        shown.append("this terminal is too narrow for a QR code, so here is the line; or widen it, or --qr FILE.png")
    if wish.file is None and drawn is None and wish.qr in {None, TERMINAL}:
        facts |= {"bundle": line, "typed": _typed(bundle)}
        shown += [line, "or typed by hand on the box:", *(f"  {key:7}{value}" for key, value in _typed(bundle).items())]
    return CommandResult(
        facts, [*shown, *_to_compare(bundle), "whoever has it first is the agent: send it by a safe way"]
    )


def _check(wish: BundleOptions, *, as_json: bool) -> None:
    """Finds all errors that can be foreseen before the code is replaced, which a technician may be carrying."""
    if not _MIN_HOURS <= wish.hours <= _MAX_HOURS:
        raise HomeError(f"--hours: a code is good for {_MIN_HOURS:g} to {_MAX_HOURS:g} hours")
    if wish.qr == TERMINAL:
        if as_json:
            raise HomeError("--qr - draws on the terminal, and --json is for programs: leave out one of them")
    elif wish.qr is not None and Path(wish.qr).suffix not in _PICTURES:
        raise HomeError(f"{wish.qr}: a QR code is written as {' or '.join(_PICTURES)}, or drawn here with --qr -")
    pictures = [] if wish.qr in {None, TERMINAL} else [Path(str(wish.qr))]
    for path in (*([] if wish.file is None else [wish.file]), *pictures):
        if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
            raise HomeError(f"{path}: cannot be written; choose another place")


def _read(path: Path, agent_id: str) -> Bundle:
    try:
        known = open_bundle(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, SealError) as error:
        raise HomeError(f"{path}: is there already and is no bundle; choose another name") from error
    if known.agent_id != agent_id:
        raise HomeError(f"{path}: is there already and is for agent {known.agent_id}; choose another name")
    return known


def _stands(home: Home, bundle: Bundle) -> bool:
    """True if a box could enrol with it: the code is valid, and the service's address and keys are still the same."""
    says = (bundle.host, bundle.port, bundle.pin, bundle.seal_key)
    now = (home.config.host, home.config.enrolment_port, home.pin(), home.seal_key.seal.key)
    return says == now and home.register.code_stands(bundle.code, bundle.agent_id)


def _facts(bundle: Bundle) -> dict[str, object]:
    return {
        "agent": bundle.agent_id,
        "site": bundle.site_id,
        "expect": bundle.seal_key[:16],
        "expires_at_ms": bundle.expires_at_ms,
    }


def _typed(bundle: Bundle) -> dict[str, str]:
    server = f"[{bundle.host}]" if ":" in bundle.host else bundle.host
    return {
        "server": f"{server}:{bundle.port}",
        "pin": bundle.pin,
        "site": bundle.site_id,
        "agent": bundle.agent_id,
        "code": bundle.code,
    }


def _to_compare(bundle: Bundle) -> list[str]:
    return [
        f"the box shows whose it is; compare, or give it: --expect {bundle.seal_key[:16]}",
        f"good for one box until {moment(bundle.expires_at_ms)}",
    ]


def _picture(line: str, suffix: str) -> bytes:
    out = io.BytesIO()
    segno.make(line, error="m", micro=False).save(out, kind=suffix.removeprefix("."), scale=_SCALE)
    return out.getvalue()


def _drawn(line: str) -> str | None:
    """Draws the code for this terminal; None if it has fewer columns than the code, which would be unreadable."""
    # The lowest correction: a screen is clean, and 97 columns are wide enough as it is.
    code = segno.make(line, error="l", micro=False, boost_error=False)
    if shutil.get_terminal_size().columns < code.symbol_size()[0]:
        return None
    out = io.StringIO()
    code.terminal(out, compact=True)
    return out.getvalue()
