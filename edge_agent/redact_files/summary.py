"""Sums up a run for a person and for programs: files written, and files refused."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from edge_agent.redact_files.file_redactor import Written


@dataclass(frozen=True, slots=True)
class Left:
    """A file of which nothing was written."""

    source: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a run."""

    written: tuple[Written, ...]
    left: tuple[Left, ...]
    took_s: float

    @property
    def exit_code(self) -> int:
        """1 if a file could not be redacted, else 0."""
        return 1 if self.left else 0

    def as_json(self) -> dict[str, Any]:
        """Return paths as text, shares 0..1."""
        return {
            "written": [
                asdict(one) | {"source": str(one.source), "target": str(one.target), "kind": str(one.kind)}
                for one in self.written
            ],
            "not_redacted": [{"source": str(one.source), "reason": one.reason} for one in self.left],
            "took_s": round(self.took_s, 3),
        }

    def show(self, out: Console) -> None:
        """Print one line for each file with a fault, and one for all."""
        for one in self.written:
            if one.replaced:
                text = f"{one.replaced} of {one.frames} frames could not be redacted and are covered from edge to edge"
                out.print(f"[yellow]covered[/yellow] {escape(str(one.target))}: {text}", highlight=False)
        for left in self.left:
            out.print(f"[red]not redacted[/red] {escape(str(left.source))}: {escape(left.reason)}", highlight=False)
        frames = sum(one.frames for one in self.written)
        share = sum(one.covered_share * one.frames for one in self.written) / frames if frames else 0.0
        rate = frames / self.took_s if self.took_s else 0.0
        out.print(
            f"{len(self.written)} written ({frames} pictures and frames, {rate:.1f} a second, "
            f"{share:.0%} covered), {len(self.left)} not redacted",
            highlight=False,
        )
