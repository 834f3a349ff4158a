"""Commands `wayside-provision rollout`: a configuration or new software, agent by agent, and back."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AsJson, HomeDir, end, group, opened

rollout = group("Staged roll-outs: one agent, a share of them, all; stopped and taken back where too many fail.")


@rollout.command("start", epilog="Example: wayside-provision rollout start --config fleet.toml --soak 600")
def start(
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings for every agent, TOML.", show_default=False),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--software", metavar="BUNDLE", help="A signed release archive.", show_default=False)
    ] = None,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="With --software: release.pub.")] = Path(
        "/etc/wayside/release.pub"
    ),
    downgrade: Annotated[bool, typer.Option("--downgrade", help="An older version than agents run is meant.")] = False,
    agent: Annotated[
        list[str] | None, typer.Option("--agent", metavar="AGENT", help="Only these; several times.")
    ] = None,
    site: Annotated[str | None, typer.Option("--site", metavar="SITE", help="Only agents of this site.")] = None,
    first: Annotated[str | None, typer.Option("--first", metavar="AGENT", help="Who is the first stage.")] = None,
    share: Annotated[float, typer.Option(min=0.001, max=1, help="Of all agents, in the second stage.")] = 0.1,
    error_rate: Annotated[float, typer.Option(min=0, max=0.99, help="Stop when more have failed.")] = 0.1,
    soak: Annotated[float, typer.Option(min=0, max=604_800, metavar="S", help="So long an agent must be well.")] = 600,
    apply: Annotated[
        float | None,
        typer.Option(min=1, max=604_800, metavar="S", help="To say that it has it. Default: 300; software 7200."),
    ] = None,
    silence: Annotated[float, typer.Option(min=1, max=86_400, metavar="S", help="Without a heartbeat: failed.")] = 180,
    health: Annotated[
        float, typer.Option(min=1, max=3600, metavar="S", help="For new software to prove itself.")
    ] = 180,
    at_once: Annotated[int, typer.Option(min=1, max=10_000, help="So many agents are changed at a time.")] = 20,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Begin a roll-out to enrolled agents; `wayside-provision serve` carries it out. One at a time."""
    from provisioning.rollout import commands

    wish = commands.RolloutOptions(
        config=config,
        bundle=bundle,
        key=key,
        downgrade=downgrade,
        agents=tuple(agent or ()),
        site=site,
        first=first,
        share=share,
        error_rate=error_rate,
        soak_s=soak,
        apply_s=apply,
        silence_s=silence,
        health_s=health,
        at_once=at_once,
    )
    end(as_json, lambda: commands.start(opened(home), wish))


@rollout.command("status", epilog="Example: wayside-provision rollout status --json")
def status(home: HomeDir = None, as_json: AsJson = False) -> None:
    """Show the newest roll-out, agent by agent. Exit code 1: it was stopped."""
    from provisioning.rollout import commands

    end(as_json, lambda: commands.status(opened(home)))


@rollout.command("pause", epilog="Example: wayside-provision rollout pause")
def pause(home: HomeDir = None, as_json: AsJson = False) -> None:
    """Offer it to no further agent; agents that have it are watched, and a failure still stops it."""
    from provisioning.rollout import commands

    end(as_json, lambda: commands.pause(opened(home)))


@rollout.command("resume", epilog="Example: wayside-provision rollout resume")
def resume(home: HomeDir = None, as_json: AsJson = False) -> None:
    """Go on with a paused roll-out."""
    from provisioning.rollout import commands

    end(as_json, lambda: commands.resume(opened(home)))


@rollout.command("abort", epilog="Example: wayside-provision rollout abort")
def abort(home: HomeDir = None, as_json: AsJson = False) -> None:
    """Send every agent that took it back. A second time: no longer wait for agents that do not return."""
    from provisioning.rollout import commands

    end(as_json, lambda: commands.abort(opened(home)))
