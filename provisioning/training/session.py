"""Runs a training: starts the street, leads the trainee through the faults, and writes the sheet."""

import os
import select
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.demo.children import Children, InterruptedDemoError
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import DemoFolder
from provisioning.errors import DemoError
from provisioning.program_version import installed_version
from provisioning.signing.documents import SealKey
from provisioning.training import sheet as sheets
from provisioning.training.faults import FAULTS, PlantedFault
from provisioning.training.ground import Ground
from provisioning.training.sheet import TrainingSheet
from provisioning.training.walk import Outcome, Walk

INTERRUPTED: Final = 130
_STEP_S: Final = 0.2
_READ: Final = 4096
_NAMELESS: Final = "-"


@dataclass(frozen=True)
class TrainingOptions:
    """Options of `demo --training`."""

    state_dir: Path
    models_dir: Path
    report_dir: Path
    language: str
    trainee: str
    only: Sequence[str] = ()
    """Names of faults; empty: all."""
    key_file: Path | None = None
    """Seal that signs the sheet, where it exists."""


def chosen(only: Collection[str]) -> Sequence[PlantedFault]:
    """Returns the faults of these names in their order; all without a name.

    Raises:
        DemoError: there is no fault of that name.
    """
    known = {fault.name for fault in FAULTS}
    if strangers := sorted(set(only) - known):
        raise DemoError(f"--only {strangers[0]}: no such fault; wayside-provision demo --training --list names all")
    return [fault for fault in FAULTS if not only or fault.name in only]


def train(options: TrainingOptions, narrator: Narrator, say: Callable[[str], None]) -> int:
    """Runs a training. Returns the exit code: 0, or 130 where the user interrupted it; the sheet is written either way.

    Raises:
        DemoError: the street could not be started or put in order, or the sheet not be written.
        SealError: the seal cannot be used.
    """
    faults = chosen(options.only)
    key_file = options.key_file
    key = None if key_file is None or not key_file.exists() else SealKey.load(key_file)
    began_at_ms = time.time_ns() // 1_000_000
    outcomes: list[Outcome] = []
    trainee, code = options.trainee, 0
    try:
        with DemoFolder(options.state_dir, keep=False) as state, Children(state.folder("log")) as children:
            ground = Ground(state, children, options.models_dir, narrator)
            ground.open()
            terminal = _Terminal(children, say)
            trainee = trainee or _ask_name(terminal)
            outcomes.extend(Walk(ground, terminal, options.language).go(faults))
    except InterruptedDemoError:
        code = INTERRUPTED
    finally:
        narrator.say(f"every process is ended; logs and data are in {options.state_dir}")
    sheet = TrainingSheet(trainee or _NAMELESS, began_at_ms, options.language, installed_version(), outcomes)
    for line in lines(sheet):
        say(line)
    for path in sheets.write(options.report_dir, sheet, key):
        say(str(path))
    return code


def lines(sheet: TrainingSheet) -> list[str]:
    """Writes the sheet for the terminal."""
    shown = [f"{sheet.trainee}  {sheet.began_at:%Y-%m-%d %H:%M}  {sheet.right} / {sheet.asked}"]
    shown += [
        f"  {each.grade:<10}{each.fault.name:<20}{each.fault.cause:<25}{each.seconds:6.0f} s  hints {each.hints}"
        for each in sheet.outcomes
    ]
    return shown


class _Terminal:
    """The trainee's terminal; while it waits for a line, signals and orphans are seen to."""

    def __init__(self, children: Children, say: Callable[[str], None]) -> None:
        self._children = children
        self.say = say
        self._typed = b""
        self._is_ended = False

    def ask(self) -> str | None:
        """Returns the next line that is typed; None at the end of the input."""
        while b"\n" not in self._typed and not self._is_ended:
            self._children.pause(0.0)
            if select.select([sys.stdin], [], [], _STEP_S)[0]:
                read = os.read(sys.stdin.fileno(), _READ)
                self._typed += read
                self._is_ended = not read
        line, _, self._typed = self._typed.partition(b"\n")
        return None if self._is_ended and not line else line.decode("utf-8", "replace").strip()


def _ask_name(terminal: _Terminal) -> str:
    terminal.say("学员姓名 Name of the trainee:")
    return "".join(each for each in terminal.ask() or "" if each.isprintable())
