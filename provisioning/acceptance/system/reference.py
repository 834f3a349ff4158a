"""Writes the contract of the reference county, which is shipped, to a file that a county then makes its own."""

from importlib import resources
from pathlib import Path
from typing import Final

from provisioning.acceptance.system import contract
from provisioning.errors import AcceptanceError
from provisioning.files import durable
from provisioning.output import CommandResult

FILE: Final = "reference_contract.toml"


def text() -> bytes:
    """Returns the shipped contract."""
    return resources.files("provisioning.acceptance.system").joinpath(FILE).read_bytes()


def write(out: Path) -> CommandResult:
    """Writes the shipped contract.

    Raises:
        AcceptanceError: the file is there already, or cannot be written.
    """
    data = text()
    try:
        durable.create(out, data)
    except FileExistsError as error:
        raise AcceptanceError(f"{out}: is there, and stays as it is; name another file") from error
    except OSError as error:
        raise AcceptanceError(f"{out}: cannot be written ({error.strerror})") from error
    _, rows, _ = contract.parse(data, FILE)
    return CommandResult({"file": str(out), "rows": len(rows)}, [f"{out}: {len(rows)} rows, to be made your own"])
