"""Writes the sheet of a training: JSON, PDF, and a dated report that the acceptance of the system reads."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.query.archive import ZONE
from provisioning.errors import DemoError
from provisioning.files import durable
from provisioning.signing.documents import SealKey
from provisioning.training import paper
from provisioning.training.walk import Grade, Outcome

ROW: Final = "training"
"""Row of a contract (docs/training.md) that the report is for."""
UNIT: Final = "faults"


@dataclass(frozen=True)
class TrainingSheet:
    """Account of one training."""

    trainee: str
    began_at_ms: int
    language: str
    software: str
    outcomes: Sequence[Outcome]

    @property
    def right(self) -> int:
        """Number of faults whose cause was named at once, and that were mended."""
        return sum(each.grade is Grade.RIGHT for each in self.outcomes)

    @property
    def asked(self) -> int:
        """Number of faults that the trainee was asked."""
        return sum(each.grade is not Grade.LEFT_OUT for each in self.outcomes)

    @property
    def began_at(self) -> datetime:
        """Begin, in the time of the product's days."""
        return datetime.fromtimestamp(self.began_at_ms / 1000, UTC).astimezone(ZONE)

    def document(self) -> dict[str, Any]:
        """Returns the content of the JSON file."""
        return {
            "kind": "wayside training sheet",
            "version": 1,
            "trainee": self.trainee,
            "began_at": self.began_at.isoformat(timespec="seconds"),
            "language": self.language,
            "software": self.software,
            "right": self.right,
            "asked": self.asked,
            "faults": [
                {
                    "fault": each.fault.name,
                    "cause": each.fault.cause,
                    "answers": each.answers,
                    "grade": each.grade,
                    "hints": each.hints,
                    "seconds": round(each.seconds, 1),
                }
                for each in self.outcomes
            ],
        }


def write(folder: Path, sheet: TrainingSheet, key: SealKey | None) -> list[Path]:
    """Writes the sheet's files: JSON, PDF, the report, and with a key a signature over the JSON. Returns their paths.

    Raises:
        DemoError: the folder cannot be written.
    """
    name = f"training-{sheet.began_at:%Y-%m-%d-%H%M%S}"
    text = json.dumps(sheet.document(), indent=2, ensure_ascii=False) + "\n"
    drawn = paper.as_pdf(sheet.document(), hashlib.sha256(text.encode()).hexdigest())
    files = {f"{name}.json": text.encode(), f"{name}.pdf": drawn, f"{name}.toml": _report(sheet, name, drawn).encode()}
    if key is not None:
        signed = {"seal": key.seal.key, "signature": key.sign_training(text)}
        files[f"{name}.sig"] = (json.dumps(signed) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [durable.write(folder / file, data, mode=durable.PUBLIC) for file, data in files.items()]
    except OSError as error:
        raise DemoError(
            f"{folder}: the sheet cannot be written ({error}); give another folder with --report"
        ) from error


def _report(sheet: TrainingSheet, name: str, drawn: bytes) -> str:
    """Writes the figure as the acceptance of the system reads it, with the PDF as its paper."""
    how = f"wayside-provision demo --training: {sheet.asked} planted faults, {sheet.right} found at once and mended"
    values: dict[str, str | int] = {
        "row": ROW,
        "value": sheet.right,
        "unit": UNIT,
        "dated": "",
        "by": sheet.trainee,
        "how": how,
        "file": f"{name}.pdf",
        "sha256": hashlib.sha256(drawn).hexdigest(),
    }
    lines = ["[[figure]]"]
    for key, value in values.items():
        # A JSON string or number is TOML as well; a date has no quotes.
        shown = f"{sheet.began_at:%Y-%m-%d}" if key == "dated" else json.dumps(value, ensure_ascii=False)
        lines.append(f"{key} = {shown}")
    return "\n".join(lines) + "\n"
