"""`wayside-center assess` writes a month into a file; `wayside-center assessment feed` delivers it, signed."""

from pathlib import Path
from typing import Annotated

import typer

from center.cli.output import ACTOR, ConfigFile, one_line, out, records

assessment = typer.Typer(no_args_is_help=True, help="Deliver the assessment.")


@assessment.callback()
def _group() -> None:
    """Keeps `feed` a command of its own while it is the only one."""


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


@assessment.command("feed")
def feed_month(
    month: Annotated[str, typer.Option(metavar="2026-10", help="A closed month; its newest version is delivered.")],
    config: ConfigFile,
) -> None:
    """Deliver a closed month to the receiver of [assessment_feed] now, whether or not it was before."""
    import asyncio  # noqa: PLC0415 - --help stays light

    with one_line():
        from center.assessment.service import open_assessor  # noqa: PLC0415 - the same
        from center.assessment_feed.service import open_feed  # noqa: PLC0415 - the same
        from center.clock import now_ms  # noqa: PLC0415 - the same
        from center.errors import StartError  # noqa: PLC0415 - the same
        from center.search.camera_positions import CameraPositions  # noqa: PLC0415 - the same
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        settings = load(CenterConfig, config)
        with records(config) as opened:
            positions = CameraPositions(opened.store, dict).on_file
            assessor = open_assessor(opened.store, positions, now_ms)
            feed = open_feed(settings, assessor, store=opened.store, audit=opened.audit, now_ms=now_ms)
            if feed is None:
                raise StartError(what="no receiver is set", what_to_do="Add [assessment_feed] to the centre's file")
            name, version = asyncio.run(feed.deliver(month, actor=ACTOR))
    out.print(f"{name} (version {version})", markup=False)
