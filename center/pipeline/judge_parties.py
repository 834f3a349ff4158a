"""Judges third parties by their probes. Pure: evidence in, verdicts out."""

from collections.abc import Callable, Iterator, Sequence

from center.pipeline import causes
from center.pipeline.causes import OwnReason, StageFinding, amber, red, unknown
from center.pipeline.probes import CertificateEnd, ClockOffset, ProbeReport
from center.pipeline.sample import SampleSpan
from center.pipeline.stages import Stage
from center.pipeline.verdict import Figures, StageVerdict
from provisioning.contracts.config.pipeline import Pipeline

_DAY_MS = 86_400_000


def third_party(stage: Stage) -> Callable[[SampleSpan, Pipeline], StageVerdict | None]:
    """Makes the function that judges one stage; it gives None where the centre uses no such third party."""

    def judged(span: SampleSpan, limits: Pipeline) -> StageVerdict | None:
        reports = span.now.probes_of(stage)
        if not reports:
            return None
        return StageVerdict.of(stage, figures(reports), _findings(reports, span.now.at_ms, limits))

    return judged


def figures(reports: Sequence[ProbeReport], **others: int | None) -> Figures:
    """Returns the figures of probes beside those of their stage: the slowest answer, failures, the oldest success."""
    succeeded = [each.succeeded_at_ms for each in reports]
    return Figures(
        lag_s=max((each.took_s for each in reports if each.took_s is not None), default=None),
        errors=sum(each.is_failing for each in reports) if any(each.is_checked for each in reports) else None,
        succeeded_at_ms=None if None in succeeded else min(filter(None, succeeded), default=None),
        **others,
    )


def failure(report: ProbeReport) -> tuple[causes.Cause, dict[str, causes.Fact]] | None:
    """Returns cause and facts of a probe that fails."""
    if report.hung_s is not None:
        return causes.PROBE_HANGS, {"target": report.target, "seconds": f"{report.hung_s:g}"}
    if report.fault is not None:
        return report.fault.cause, {"target": report.target, "cause": OwnReason(report.fault.text)}
    return None


def _findings(reports: Sequence[ProbeReport], now_ms: int, limits: Pipeline) -> Iterator[StageFinding]:
    """Finds what fails: red if nothing of the stage is left that works."""
    accused = red if all(each.is_failing for each in reports) else amber
    for report in reports:
        if not report.is_checked:
            yield unknown(causes.PROBE_PENDING, target=report.target)
        elif (found := failure(report)) is not None:
            yield accused(found[0], **found[1])
        elif isinstance(report.value, ClockOffset):
            yield from _of_offset(report.target, report.value.seconds, limits)
        elif isinstance(report.value, CertificateEnd):
            yield from _of_end(report.target, (report.value.at_ms - now_ms) / _DAY_MS, limits)


def _of_offset(target: str, seconds: float, limits: Pipeline) -> Iterator[StageFinding]:
    if seconds >= limits.clock_offset.amber_s:
        is_red = seconds >= limits.clock_offset.red_s
        yield (red if is_red else amber)(causes.CLOCK_OFFSET, target=target, seconds=round(seconds, 1))


def _of_end(target: str, days: float, limits: Pipeline) -> Iterator[StageFinding]:
    if days <= 0:
        yield red(causes.STAMP_ENDED, target=target)
    elif days < limits.certificate_days:
        yield amber(causes.STAMP_ENDS, target=target, days=round(days, 1))
