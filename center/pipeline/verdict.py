"""What is shown of one stage: how it is and why, and its figures."""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict

from center.pipeline.causes import Finding
from center.pipeline.stages import Stage, StageState

_WORST: Final = (StageState.RED, StageState.AMBER, StageState.UNKNOWN, StageState.GREEN)


class View(BaseModel):
    """Base of what is shown."""

    model_config = ConfigDict(frozen=True)


class Figures(View):
    """Of the last window. None: nobody told, or there was nothing to measure; never nought instead."""

    rate_per_s: float | None = None
    """Pictures, messages or parts, as it is of the stage; docs/pipeline.md says which."""
    lag_s: float | None = None
    errors: int | None = None
    drops: int | None = None
    queued: int | None = None
    free_bytes: int | None = None


class CauseView(View):
    """One thing that is wrong."""

    state: StageState
    code: str
    cause: str
    """In English; the console has it in its own languages."""
    remedy: str
    facts: dict[str, str | int | float]

    @classmethod
    def of(cls, finding: Finding) -> "CauseView":
        """As it was found."""
        return cls(
            state=finding.state,
            code=finding.cause.code,
            cause=finding.text(),
            remedy=finding.advice(),
            facts=finding.facts,
        )


class Verdict(View):
    """One stage as judged. `findings` the worst first; green has none."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    stage: Stage
    state: StageState
    figures: Figures
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, stage: Stage, figures: Figures, findings: Iterable[Finding]) -> "Verdict":
        """Its state is that of its worst finding."""
        ordered = tuple(sorted(findings, key=lambda each: _WORST.index(each.state)))
        return cls(
            stage=stage,
            state=ordered[0].state if ordered else StageState.GREEN,
            figures=figures,
            findings=ordered,
        )
