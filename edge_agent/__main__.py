"""`wayside-edge`: run an agent, check a site, read its ledger, redact files."""

# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that --help loads neither PyAV nor OpenCV

import sys
from pathlib import Path
from typing import Annotated

import typer

from provisioning.files.awaited import WaitS
from provisioning.program_version import version_option

app = typer.Typer(
    help="Near the cameras: pull, select, redact, spool, publish. Nothing raw leaves this process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and a password may be one
)
app.callback()(version_option)

Config = Annotated[Path, typer.Option("--config", help="The agent's configuration, one TOML file.", show_default=False)]


@app.command()
def run(
    config: Config,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every step.")] = False,
    wait_s: WaitS = 0,
) -> None:
    """Run the agent until SIGTERM or Ctrl-C. Prints `ready` once it works; its log goes to stderr."""
    from edge_agent.cli import running

    raise typer.Exit(running.run(config, verbose=verbose, wait_s=wait_s))


@app.command()
def check(config: Config) -> None:
    """Check spool, models, broker and every camera; one line each. Exit code 2 if anything is wrong."""
    from edge_agent.cli import running

    raise typer.Exit(running.check(config))


@app.command()
def doctor(config: Config, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Find what is wrong on this box, by name, and what to do. Exit code 1 if anything is.

    It comes to the broker in the agent's name: a running agent is put off its line for a second.
    """
    from edge_agent.cli import running

    raise typer.Exit(running.doctor(config, as_json=as_json))


@app.command()
def survey(config: Config) -> None:
    """Measure every camera for acceptance, 12 s each; prints figures as JSON, for `wayside-provision accept`."""
    from edge_agent.cli import running

    raise typer.Exit(running.survey(config))


@app.command()
def enrol(
    into: Annotated[Path, typer.Option("--into", help="The agent's folder; it is made.", show_default=False)],
    bundle: Annotated[
        str | None, typer.Argument(metavar="BUNDLE_FILE", help="What `wayside-provision bundle` wrote; - reads stdin.")
    ] = None,
    models: Annotated[Path | None, typer.Option("--models", help="Where the models are.")] = None,
    expect: Annotated[str | None, typer.Option("--expect", help="First 16 or more digits of the seal's key.")] = None,
    server: Annotated[
        str | None, typer.Option("--server", help="Without a file: HOST:PORT; the code is asked.")
    ] = None,
    pin: Annotated[str | None, typer.Option("--pin", help="Without a file: the service's pin, in hex.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="Without a file: the site's id.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Without a file: the agent's id.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Enrol anew, with a new code; the spool stays.")] = False,
    wait_s: Annotated[
        float,
        typer.Option("--wait", min=0, max=3600, help="Look this many seconds for a service that is not there yet."),
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Make this box an agent. Run again after any trouble, it finishes; run twice, it does nothing twice."""
    from edge_agent.cli import enrolling

    typed = (server or "", pin or "", site or "", agent or "")
    raise typer.Exit(
        enrolling.enrol(
            into,
            bundle=bundle,
            typed=typed if any(typed) else None,
            models_dir=models,
            expect=expect,
            again=again,
            wait_s=wait_s,
            as_json=as_json,
        )
    )


@app.command()
def ledger(config: Config, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Print the ledger: what became of every selected picture. Works while the agent runs."""
    from edge_agent.cli import records

    raise typer.Exit(records.ledger(config, as_json=as_json))


@app.command()
def devices(
    config: Config,
    channels: Annotated[bool, typer.Option("--channels", help="Their channels, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs; with the channels.")] = False,
) -> None:
    """List the GB/T 28181 devices: those registered, and those refused. Works while the agent runs."""
    from edge_agent.cli import devices as command

    raise typer.Exit(command.devices(config, with_channels=channels, as_json=as_json))


@app.command()
def resume(camera: Annotated[str, typer.Argument(help="Id of the camera.")], config: Config) -> None:
    """Let a camera that was paused after a redaction leak publish again. Works while the agent runs."""
    from edge_agent.cli import records

    raise typer.Exit(records.resume(config, camera))


@app.command()
def jobs(config: Config, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List the jobs that the centre has ordered: spans of recordings, and closer looks. Works while the agent runs."""
    from edge_agent.cli import records

    raise typer.Exit(records.jobs(config, as_json=as_json))


@app.command()
def quarantine(config: Config) -> None:
    """List the messages that the centre refused, with its reasons. Works while the agent runs."""
    from edge_agent.cli import records

    raise typer.Exit(records.quarantine(config))


@app.command()
def redact(
    source: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="Pictures (JPEG, PNG, BMP) and videos.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The redacted file, or a folder for them.")] = None,
    models: Annotated[Path | None, typer.Option("--models", help="Where the models are.")] = None,
    policy: Annotated[
        list[str] | None, typer.Option("--policy", metavar="KEY=VALUE", help="Cover more; may be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    labels: Annotated[
        Path | None,
        typer.Option("--evaluate", metavar="LABELS", help="Write nothing: count what is covered of these labels."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Cover faces, people and plates in files: a picture becomes a bare JPEG, a video an MP4 without sound.

    What cannot be redacted is not written, is named, and makes the exit code 1.
    """
    if (labels is None) == (out is None):
        raise typer.BadParameter("give one of -o and --evaluate", param_hint="--out")
    if labels is not None:
        from edge_agent.evaluation import command as evaluation

        code = evaluation.evaluate(source, labels, models_dir=models, policy=policy or [], as_json=as_json)
    else:
        from edge_agent.redact_files import command as files

        code = files.redact(source, out, models_dir=models, policy=policy or [], force=force, as_json=as_json)
    raise typer.Exit(code)


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="A video, or pictures. Nothing of it is copied.")],
    camera: Annotated[str, typer.Option("--camera", help="Id of a camera for uploads.", show_default=False)],
    started_at: Annotated[
        str | None,
        typer.Option("--started-at", metavar="TIME", help="Of its first picture: 2026-11-24T08:30:00+08:00."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="On the agent's own machine: its TOML file.")] = None,
    server: Annotated[str | None, typer.Option("--server", help="Elsewhere: HOST:PORT of the desk agent.")] = None,
    ca: Annotated[Path | None, typer.Option("--ca", help="Elsewhere: whom its certificate is trusted by.")] = None,
    token: Annotated[Path | None, typer.Option("--token-file", help="Elsewhere: its token, mode 0600.")] = None,
    interval: Annotated[float, typer.Option("--interval", min=0.001, max=3600, help="Seconds between pictures.")] = 1.0,
    keyframes: Annotated[
        bool, typer.Option("--keyframes-only", help="Skip what lies between; many times faster.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Look at all of it anew; the ledger knows duplicates.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Bring a recording to a desk agent, as fast as it can redact. Run again after any trouble, it goes on there."""
    from edge_agent.desk.client import command

    order = command.IngestArguments(file, camera, started_at, interval, keyframes, again, as_json)
    raise typer.Exit(command.ingest(order, command.AgentArguments(config, server, ca, token)))


if __name__ == "__main__":
    sys.exit(app())
