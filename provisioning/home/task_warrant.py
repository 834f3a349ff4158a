"""Signs the warrant for the key by which the centre may pause and order parse tasks, and more if it is to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provisioning.contracts.fleet.documents import TASKS, Document, Power, Warrant
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult, moment
from provisioning.signing.documents import Seal

DAY_MS: Final = 86_400_000
_POWERS: Final = {
    Power.CONTROL: "pause and order parse tasks",
    Power.START: "begin jobs",
    Power.UPLOAD: "permit uploads from browsers",
}


def give(home: Home, key_file: Path, out: Path, *, days: int, more: Sequence[Power] = ()) -> CommandResult:
    """Signs a warrant for the key in this `.pub` file, to pause and order parse tasks and `more`.

    Agents replace an older one by a newer one, never the reverse: numbers are of the clock.

    Raises:
        SealError: the file holds no public key.
        OSError: `out` cannot be written.
    """
    key = Seal.load(key_file).key
    now_ms = home.now_ms()
    ends_at_ms = now_ms + days * DAY_MS
    may = (Power.CONTROL, *more)
    document = Document(
        addressee=TASKS, number=now_ms, issued_at_ms=now_ms, body=Warrant(key=key, ends_at_ms=ends_at_ms, may=may)
    )
    durable.write(out, home.seal_key.sign(document).model_dump_json().encode(), mode=durable.PUBLIC)
    facts = {"file": str(out), "key": key, "number": now_ms, "ends_at_ms": ends_at_ms, "may": [*may]}
    powers = ", ".join(_POWERS[each] for each in may)
    shown = [f"{out}: key {key[:16]} may {powers} until {moment(ends_at_ms)}; give it to the centre"]
    return CommandResult(facts, shown)
