"""Runs the training ground for `wayside-provision demo --training`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import typer
from rich.console import Console

from provisioning.cli import home_commands
from provisioning.cli.options import Language
from provisioning.contracts.causes.text import terminal_language
from provisioning.contracts.errors import ConfigError
from provisioning.demo.narrator import Narrator
from provisioning.demo.state import default_directory, default_models
from provisioning.errors import ProvisioningError
from provisioning.output import printable, refuse
from provisioning.signing.documents import SealError
from provisioning.training.session import TrainingOptions, chosen, train

_FOLDER: Final = "wayside-training"


def end_training(
    state: Path | None,
    models: Path | None,
    report: Path,
    language: Language | None,
    trainee: str,
    only: Sequence[str],
    *,
    listed: bool,
) -> NoReturn:
    """Runs a training, or lists its faults, and ends with the exit code. A refusal is a line on stderr."""
    console = Console(highlight=False)
    spoken = str(language or terminal_language(os.environ))

    def say(text: str) -> None:
        console.print(printable(text), markup=False, soft_wrap=True)

    try:
        if listed:
            for fault in chosen(only):
                say(f"{fault.name:<20}{fault.call.in_language(spoken).replace('{note}', '…')}")
            raise typer.Exit(0)
        options = TrainingOptions(
            state or default_directory().with_name(_FOLDER),
            models or default_models(),
            report.absolute(),
            spoken,
            printable(trainee),
            only,
            home_commands.place(None) / "seal" / "seal.key",
        )
        code = train(options, Narrator(console), say)
    except (ProvisioningError, ConfigError, SealError) as error:
        raise typer.Exit(refuse(str(error))) from error
    raise typer.Exit(code)
