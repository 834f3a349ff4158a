"""A run as figures of the capacity model, and what the model says of that run with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bench.county.replay import Ran
from ray_cluster.capacity.inputs import FIGURES
from ray_cluster.capacity.model import Demand, Plan, plan
from ray_cluster.histogram import total


@dataclass(frozen=True, slots=True)
class One:
    """A figure by its name in `ray_cluster.capacity.inputs`, as measured here and as shipped."""

    name: str
    value: float

    @property
    def unit(self) -> str:
        """The model's."""
        return FIGURES[self.name].unit

    @property
    def shipped(self) -> float | None:
        """What the model has without a file of figures."""
        return FIGURES[self.name].value


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run says of this machine."""

    figures: tuple[One, ...]
    costs: tuple[One, ...] = ()
    """Of single steps, measured beside the run."""

    def with_costs(self, **values: float) -> "Measured":
        """And those of single steps."""
        costs = tuple(One(name, value) for name, value in values.items())
        return Measured((*self.figures, *costs), costs)


def measured(ran: Ran, picture_bytes: int) -> Measured:
    """The run's figures; its pictures are tiny, so what a commit costs is not among them (`bench.county.costs`)."""
    return Measured(
        (
            One("envelope_bytes", ran.message_bytes - picture_bytes),
            One("intake_ms", ran.intake_cpu_s * 1000 / max(1, ran.rows)),
            One("held_seconds", ran.held_s),
            One("snapshot_row_bytes", ran.snapshot_row_bytes),
            One("object_row_bytes", ran.object_row_bytes),
        )
    )


def comparison(ran: Ran, figures: Measured) -> Iterator[tuple[str, float, float]]:
    """(what, measured, model): the model's lines about this run, with single costs as they were measured beside it.

    What the run itself measured is not put into the model: the model has to say it.
    """
    costs = {each.name: each.value for each in figures.costs}
    answered = plan(Demand(ran.agents * 30, 0, round(ran.taken / ran.day_s * 86_400), 30))
    yield "mean rate, snapshots/s", ran.taken / ran.day_s, _line(answered, "mean_rate")
    per_rate = 1 / _line(answered, "design_rate")
    rate = ran.rows / ran.seconds
    yield "cores of the intakes", ran.intake_cpu_s / ran.seconds, _line(answered, "intake_cores") * per_rate * rate

    def figure(name: str) -> float:
        value = costs.get(name, FIGURES[name].value)
        if value is None:
            raise KeyError(f"nobody has measured {name}")
        return value

    def round_s(rows: float) -> float:
        """The archiver's time for a commit of so many rows and the lookups before it."""
        each = figure("row_ms") + figure("lookup_ms") / figure("group_rows")
        return (figure("commit_ms") + rows * each) / 1000

    yield "cores that the run was given", (ran.intake_cpu_s + ran.archive_cpu_s + ran.driver_cpu_s) / ran.seconds, 0.0
    batches = total(ran.commits.batch_rows)
    rows = batches.sum / max(1, batches.count)
    yield (
        f"a commit of {rows:.0f} rows with its lookups, s",
        ran.busy_share * ran.seconds / max(1, batches.count),
        (round_s(rows)),
    )
    if ran.outage.drain_s:
        held = ran.intakes * figure("window")
        # What the windows hold is either in the commit or waiting for the next; each waits for a flush at most.
        batch = min(figure("batch_rows"), held)
        by_windows, by_writer = held / figure("held_seconds"), batch / round_s(batch)
        bound = min(by_windows, by_writer)
        by = "windows" if by_windows < by_writer else "writer"
        yield f"rate held while it catches up, snapshots/s (model: bound by the {by})", ran.outage.rate, bound
        spare = bound - ran.outage.taken / ran.outage.drain_s
        said = ran.outage.backlog / spare if spare > 0 else 0.0
        yield "until the outage's backlog is archived, s", ran.outage.drain_s, said


def _line(answered: Plan, name: str) -> float:
    value = answered.value(name)
    if value is None:
        raise KeyError(f"the model does not answer {name}")
    return value


def toml(figures: Measured, on: date) -> str:
    """For `wayside-cluster plan --figures`."""
    return "".join(
        f'[{each.name}]\nvalue = {each.value:.6g}\nunit = "{each.unit}"\nsource = "bench.county"\ndate = {on}\n\n'
        for each in figures.figures
    )
