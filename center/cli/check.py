"""Prints the self-check of the centre's security, for `wayside-center check`."""

import sys
from collections.abc import Iterable
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from center.cli.output import ACTOR, records, say

if TYPE_CHECKING:
    from center.access.route_permissions import RouteRule
    from center.self_check.findings import SelfCheckReport


def print_check(config: Path, rules: "Iterable[RouteRule]", *, as_json: bool) -> None:
    """Runs the self-check over a centre's files, prints it and exits with code 1 if there are findings."""
    with records(config) as opened:
        from center.clock import now_ms  # noqa: PLC0415 - --help stays light
        from center.self_check.service import RAN, SelfCheck  # noqa: PLC0415 - the same
        from provisioning.contracts.config.processes import CenterConfig, load  # noqa: PLC0415 - the same

        report = SelfCheck(load(CenterConfig, config), opened.store, opened.retention, now_ms).run(rules)
        opened.audit.append(ACTOR, RAN, {"findings": len(report.findings)})
    if as_json:
        sys.stdout.write(dumps(_document(report), indent=2, ensure_ascii=False) + "\n")
    else:
        _say(report)
    if report.findings:
        raise typer.Exit(1)


def _document(report: "SelfCheckReport") -> dict[str, object]:
    findings = [
        {
            "weakness": each.weakness.value,
            "severity": each.severity.value,
            "where": each.where,
            "what": each.text(),
            "remedy": each.advice(),
        }
        for each in report.findings
    ]
    return {"at_ms": report.at_ms, "packages_compared": report.compared, "findings": findings}


def _say(report: "SelfCheckReport") -> None:
    for each in report.findings:
        say(f"{each.severity.upper():<6} {each.weakness} ({each.where}): {each.text()} {each.advice()}")
    if not report.findings:
        say("No weakness was found.")
    if not report.compared:
        say("Installed packages were compared with nothing: self_check.advisories_dir is not set.")
