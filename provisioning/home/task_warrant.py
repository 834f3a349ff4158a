"""Signs the warrant for the key by which the centre may pause and order parse tasks, and begin jobs if it is to."""

from pathlib import Path
from typing import Final

from provisioning.contracts.fleet.documents import TASKS, Document, Power, Warrant
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult, moment
from provisioning.signing.documents import Seal

DAY_MS: Final = 86_400_000


def give(home: Home, key_file: Path, out: Path, *, days: int, may_start: bool = False) -> CommandResult:
    """Signs a warrant for the key in this `.pub` file. `may_start`: it may begin jobs, too.

    Agents replace an older one by a newer one, never the reverse: numbers are of the clock.

    Raises:
        SealError: the file holds no public key.
        OSError: `out` cannot be written.
    """
    key = Seal.load(key_file).key
    now_ms = home.now_ms()
    ends_at_ms = now_ms + days * DAY_MS
    may = (Power.CONTROL, Power.START) if may_start else (Power.CONTROL,)
    document = Document(
        addressee=TASKS, number=now_ms, issued_at_ms=now_ms, body=Warrant(key=key, ends_at_ms=ends_at_ms, may=may)
    )
    durable.write(out, home.seal_key.sign(document).model_dump_json().encode(), mode=durable.PUBLIC)
    facts = {"file": str(out), "key": key, "number": now_ms, "ends_at_ms": ends_at_ms, "may": [*may]}
    powers = "begin jobs, and pause and order tasks and jobs," if may_start else "pause and order parse tasks"
    shown = [f"{out}: key {key[:16]} may {powers} until {moment(ends_at_ms)}; give it to the centre"]
    return CommandResult(facts, shown)
