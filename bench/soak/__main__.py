"""`python -m bench.soak`: both soaks, one after the other, 22 minutes; exit code 1 if a promise of either is broken.

`python -m bench.soak cameras|devices OPTIONS`: one of them, with its own options.
`python -m bench.soak archive OPTIONS`: twenty million machines of one day in the archive; hours, and 60 GB of disk.
"""

import runpy
import sys
from pathlib import Path
from typing import Final

SOAKS: Final = {
    "cameras": ("bench.soak.cameras", Path("out/soak/summary.json")),
    "devices": ("bench.soak.devices", Path("out/soak/gb28181.json")),
}
"""Program, and where its report goes."""
ON_REQUEST: Final = {"archive": ("bench.cluster.archive", Path("out/soak/archive.json"))}
"""The same, and only by name."""
_FIRST: Final = {"archive": ["--rows", "20000000", "--no-peers"]}
"""Before the options that are given: a later one wins."""
_USAGE: Final = (
    f"usage: python -m bench.soak [{'|'.join((*SOAKS, *ON_REQUEST))} OPTIONS]; "
    "without a name the first two run, as they are"
)


def main(words: list[str]) -> int:
    """The worst exit code."""
    if not words:
        return max(_run(name, []) for name in SOAKS)
    if words[0] not in SOAKS | ON_REQUEST:
        sys.stderr.write(f"{_USAGE}\n")
        return 2
    return _run(words[0], words[1:])


def _run(name: str, options: list[str]) -> int:
    module, report = (SOAKS | ON_REQUEST)[name]
    sys.argv = [module, "--json", str(report), *_FIRST.get(name, []), *options]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
