"""Command `wayside-provision discover`, for a technician at a site."""

# ruff: noqa: PLC0415 - `--help` stays quick: what a command needs is imported when it runs

from pathlib import Path
from typing import Annotated

import typer

from provisioning.cli.options import AsJson, end


def discover(
    interface: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDR", help="Of this machine on the camera network; several times.", show_default=False),
    ] = None,
    onvif: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST[:PORT]", help="Ask it alone, where multicast does not go.", show_default=False),
    ] = None,
    multicast: Annotated[bool, typer.Option(help="Ask the ONVIF multicast group.")] = True,
    rtsp: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST|NET", help="Try RTSP: HOST, HOST:PORT, or 10.0.0.0/24.", show_default=False),
    ] = None,
    devices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of wayside-edge devices --json; - reads stdin.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="Lines for a camera list.", show_default=False)
    ] = None,
    username: Annotated[str, typer.Option(help="For every line of the list.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same; mode 0600.", show_default=False)
    ] = None,
    wait: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds to listen for answers.")] = 4.0,
    as_json: AsJson = False,
) -> None:
    """Look for cameras: ONVIF, RTSP, and GB/T 28181 devices that register and are not configured.

    Nothing is logged into. With -o the findings are a camera list, mode 0600: look at it, then cameras import.
    Exit code 1: no camera was found, and no list is written.
    """
    from provisioning.discover import discover as discovery

    wish = discovery.DiscoverOptions(
        tuple(interface or ()),
        tuple(onvif or ()),
        tuple(rtsp or ()),
        devices,
        out,
        username,
        password_file,
        wait,
        multicast,
    )
    end(as_json, lambda: discovery.discover(wish))
