"""The verdict on one stage: its state, the findings behind it, and its figures."""

from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel, ConfigDict

from center.pipeline.causes import StageFinding
from center.pipeline.stages import Stage, StageState

_WORST: Final = (StageState.RED, StageState.AMBER, StageState.STARTING, StageState.UNKNOWN, StageState.GREEN)


class ChainViewBase(BaseModel):
    """Base of the views of the chain."""

    model_config = ConfigDict(frozen=True)


class Figures(ChainViewBase):
    """Figures of a stage over the last window. None: not reported, or nothing to measure; never 0 instead."""

    rate_per_s: float | None = None
    """Pictures, messages or parts a second, by the stage; docs/pipeline.md says which."""
    lag_s: float | None = None
    errors: int | None = None
    drops: int | None = None
    queued: int | None = None
    free_bytes: int | None = None
    succeeded_at_ms: int | None = None
    """Time of the last probe that succeeded; of several third parties, of the one for which that is longest ago."""


class CauseView(ChainViewBase):
    """A finding, as the API shows it."""

    state: StageState
    code: str
    cause: str
    """In English; the console translates it."""
    remedy: str
    facts: dict[str, str | int | float]

    @classmethod
    def of(cls, finding: StageFinding) -> "CauseView":
        return cls(
            state=finding.state,
            code=finding.cause.code,
            cause=finding.text(),
            remedy=finding.advice(),
            facts={name: fact if isinstance(fact, int | float) else str(fact) for name, fact in finding.facts.items()},
        )


class StageVerdict(ChainViewBase):
    """One stage as judged. `findings`: the worst first; none if it is green."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    stage: Stage
    state: StageState
    figures: Figures
    findings: tuple[StageFinding, ...] = ()

    @classmethod
    def of(cls, stage: Stage, figures: Figures, findings: Iterable[StageFinding]) -> "StageVerdict":
        """Orders the findings; the stage has the state of the worst."""
        ordered = tuple(sorted(findings, key=lambda each: _WORST.index(each.state)))
        return cls(
            stage=stage,
            state=ordered[0].state if ordered else StageState.GREEN,
            figures=figures,
            findings=ordered,
        )
