"""Commands `wayside-provision service | authority | broker`, for the centre's servers."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AsJson, HomeDir, end, group, opened
from provisioning.files.awaited import WaitS

service = group("The centre's keys: cluster, center, provisioning, broker, enrolment, evidence, timestamp.")
authority = group("Our two authorities under a root that the customer has already.")
broker = group("Mosquitto, configured from the contracts.")


@service.command("replace", epilog="Example: wayside-provision service replace cluster")
def service_replace(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the service.", show_default=False)],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a service another key and certificate, and revoke the one it had. Each run makes another."""
    from provisioning.cli import home_commands

    end(as_json, lambda: home_commands.replace_service(opened(home), name))


@authority.command("csr", epilog="Example: wayside-provision authority csr -o requests")
def authority_csr(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write files there.", show_default=False)
    ] = None,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Print or write the requests for the customer's root to sign: one (PKCS #10) for each authority."""
    from provisioning.home import customer_root

    end(as_json, lambda: customer_root.request(opened(home), out))


@authority.command("adopt", epilog="Example: wayside-provision authority adopt agents.pem services.pem root.pem")
def authority_adopt(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="PEM: what he signed, and his root.", show_default=False)
    ],
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Adopt the certificates that the customer's root signed. Broker and enrolment then send them with their own."""
    from provisioning.home import customer_root

    end(as_json, lambda: customer_root.adopt(opened(home), files))


@service.command("warrant", epilog="Example: wayside-provision service warrant tasks.pub -o tasks.warrant")
def service_warrant(
    key: Annotated[Path, typer.Argument(metavar="FILE", help="The .pub of wayside-center task-key.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="Where to.", show_default=False)],
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it counts.")] = 365,
    start: Annotated[
        bool, typer.Option("--start", help="Let it begin jobs: fetch recordings, look at live streams more often.")
    ] = False,
    upload: Annotated[
        bool, typer.Option("--upload", help="Let it permit users to bring recordings from a browser to a desk.")
    ] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Let the centre pause and order parse tasks at agents, by a key of its own, and command nothing else."""
    from provisioning.contracts.fleet.documents import Power
    from provisioning.home import task_warrant

    more = [power for power, is_given in ((Power.START, start), (Power.UPLOAD, upload)) if is_given]
    end(as_json, lambda: task_warrant.give(opened(home), key, out, days=days, more=more))


@broker.command("render", epilog="Example: wayside-provision broker render")
def broker_render(home: HomeDir = None, as_json: AsJson = False) -> None:
    """Write Mosquitto's configuration and access files into the home, and start nothing."""
    from provisioning.broker import commands

    end(as_json, lambda: commands.render(opened(home)))


@broker.command("run", epilog="Example: wayside-provision broker run")
def broker_run(wait_s: WaitS = 0, home: HomeDir = None, as_json: AsJson = False) -> None:
    """Run Mosquitto until SIGTERM or Ctrl-C, and tell it of revocations. Prints `ready` once it listens.

    With --json every line on stdout is an object; logs go to stderr.
    """
    from provisioning.broker import commands

    end(as_json, lambda: commands.run(opened(home, wait_s), as_json=as_json))


@broker.command("check", epilog="Example: wayside-provision broker check --live")
def broker_check(
    live: Annotated[bool, typer.Option("--live", help="Ask the running broker, too.")] = False,
    home: HomeDir = None,
    as_json: AsJson = False,
) -> None:
    """Check the broker's files and certificates, one line each. Exit code 1 if anything is wrong."""
    from provisioning.broker import commands

    end(as_json, lambda: commands.check(opened(home), live=live))
