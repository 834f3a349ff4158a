"""Prints a command's answer: lines for people, or one object for programs."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from provisioning.contracts.errors import ConfigError, ContractError
from provisioning.errors import ProvisioningError
from provisioning.signing.documents import SealError

REFUSED: Final = 2


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Answer of a command. `facts` is printed as JSON, or else `shown`, a line each. `code` is the exit code."""

    facts: Mapping[str, Any]
    shown: Sequence[str | Table]
    code: int = 0


def give(command: Callable[[], CommandResult], *, as_json: bool) -> int:
    """Runs a command and prints its answer; an expected error is one line on stderr. Returns the exit code."""
    try:
        answer = command()
    except (ProvisioningError, ConfigError, ContractError, SealError) as error:
        return refuse(str(error))
    except OSError as error:  # of files that no command has more to say about
        return refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    if as_json:
        # ASCII, and not through Rich, which would fold and colour it.
        sys.stdout.write(json.dumps(answer.facts) + "\n")
        return answer.code
    console = Console(highlight=False)
    for each in answer.shown:
        if isinstance(each, Table):
            console.print(each)
        else:
            console.print(printable(each), markup=False, soft_wrap=True)
    return answer.code


def refuse(text: str) -> int:
    """Prints one line on stderr. Returns the exit code."""
    line = printable(" ".join(text.split("\n")))
    Console(stderr=True).print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    return REFUSED


def announcer(*, as_json: bool) -> Callable[[str], None]:
    """Returns a function that prints a long-running command's messages at once; as JSON, `{"said": …}` a line."""

    def announce(text: str) -> None:
        sys.stdout.write((json.dumps({"said": text}) if as_json else printable(text)) + "\n")
        sys.stdout.flush()

    return announce


def printable(text: str) -> str:
    """Replaces characters that would steer a terminal: causes come from agents, names from lists."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)


def table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Makes a table of plain text; None is shown as a dash. The first column, to be copied, is never folded."""
    made = Table(*titles)
    made.columns[0].no_wrap = True
    for row in rows:
        made.add_row(*(Text("–" if cell is None else printable(str(cell)), overflow="fold") for cell in row))
    return made


def moment(ms: int) -> str:
    """Formats a time for people: `2026-11-24 18:44 UTC`."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
