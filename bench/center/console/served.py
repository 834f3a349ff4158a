"""A centre as `wayside-center run` serves it; its broker line is standard input."""

import functools
import sys
from pathlib import Path

from center.app import serve
from provisioning.contracts.config.processes import CenterConfig, load
from tests.center.world import TypedLine


def main() -> None:
    """Serve the configuration named on the command line."""
    serve(
        load(CenterConfig, Path(sys.argv[1])),
        lambda line: print(line, flush=True),
        functools.partial(TypedLine, lines=sys.stdin),
    )


if __name__ == "__main__":
    main()
