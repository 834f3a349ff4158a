"""`wayside-center assess`: cameras, districts and the fleet of a month, in a file."""

from pathlib import Path
from typing import Annotated

import typer

from center.cli.output import ConfigFile, out, records


def assess(
    month: Annotated[str, typer.Option(metavar="2026-11", help="A month; a day or an hour will do too.")],
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Written; .csv, .xlsx or .pdf says what.")],
    config: ConfigFile,
) -> None:
    """Assess cameras, districts and the fleet, and write the result to a file."""
    with records(config) as opened:
        from center.assessment.export.files import write  # noqa: PLC0415 - the same
        from center.assessment.service import open_assessor  # noqa: PLC0415 - --help stays light
        from center.clock import now_ms  # noqa: PLC0415 - the same
        from center.search.camera_positions import CameraPositions  # noqa: PLC0415 - the same

        # No agent reports to a command: the counters are what each reported last.
        positions = CameraPositions(opened.store, dict).on_file
        write(open_assessor(opened.store, positions, now_ms), month, file)
    out.print(str(file), markup=False)
