"""Play every attack against a whole street, close the books; 1 when a promise is broken.

Run it with `python -m tests.chaos.attacks`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from rich.console import Console

from provisioning.demo.children import Children
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import DemoFolder, default_directory, default_models
from provisioning.errors import DemoError
from tests.chaos.attacks.acts import ATTACKS, SAYS_WITHIN_S, Attack, Impossible
from tests.chaos.attacks.street import Attacked

_STATE: Final = "wayside-attacks"
_out = Console(highlight=False, width=max(110, Console().width))


def main() -> int:
    """Play and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.attacks", description=__doc__)
    parser.add_argument("--only", default="", help="play the attacks whose name has this in it")
    only = parser.parse_args().only
    chosen = [attack for attack in ATTACKS if only in attack.name]
    narrator = Narrator(_out)
    try:
        with (
            DemoFolder(default_directory().with_name(_STATE), keep=False) as state,
            Children(state.folder("log")) as children,
        ):
            faults = play(Attacked(state, children, default_models(), narrator), chosen)
    except DemoError as error:
        faults = [str(error)]
    for fault in faults:
        _out.print(f"BROKEN: {fault}", style="red", markup=False, soft_wrap=True)
    if not faults:
        _out.print("every promise was kept that was tried", style="green")
    return 1 if faults else 0


def play(world: Attacked, attacks: Sequence[Attack]) -> list[str]:
    """Play one after another on one street, then close its books. Returns which promises were broken, a line each.

    Raises:
        DemoError: the street does not go on.
    """
    world.start()
    faults: list[str] = []
    for attack in attacks:
        began_s = time.monotonic()
        try:
            outcome = attack.play(world)
        except Impossible as error:
            world.narrator.say(f"{attack.name}: skipped: {error}")
            continue
        said = "" if outcome.health_s is None else f"; said after {outcome.health_s:.1f} s"
        world.narrator.say(f"{attack.name}: {time.monotonic() - began_s:.0f} s{said}; {outcome.seen}")
        faults += [f"{attack.name}: {fault}" for fault in outcome.faults]
        if outcome.health_s is not None and outcome.health_s > SAYS_WITHIN_S:
            faults.append(f"{attack.name}: said after {outcome.health_s:.0f} s, {SAYS_WITHIN_S:.0f} are promised")
    return faults + world.close_books()


if __name__ == "__main__":
    sys.exit(main())
