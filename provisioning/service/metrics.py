"""Serves metrics to Prometheus on loopback: the newest roll-out, agents not enrolled yet, and ends of certificates.

Labels are words of the contract and names of services: no agent, no address, no secret.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from provisioning.checks.status import Ending, endings, standings
from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.fleet.rollout import AgentProgress, RolloutPhase, StopCause
from provisioning.errors import HomeError
from provisioning.home.home import Home
from provisioning.net.metrics import labelled, serving

DAYS: Final = (0, 7, 30, 90)
"""Upper bounds of days left, of agents' certificates; an agent renews with thirty left."""
_PREFIX: Final = "wayside_provisioning_"


@contextmanager
def open_door(home: Home) -> Iterator[None]:
    """Serves at `metrics_port` while `with` lasts; without a port, nowhere.

    Raises:
        HomeError: the port cannot be had.
    """
    port = home.config.metrics_port
    if port is None:
        yield
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(serving(lambda: families(home), port))
        except OSError as error:
            raise HomeError(
                f"{home.directory}/home.toml: metrics_port {port} cannot be had ({error.strerror}): set another, or end"
                " what holds it"
            ) from error
        yield


def families(home: Home) -> Iterator[Metric]:
    """Yields all metrics, as of now.

    Raises:
        RegisterError: the register cannot be used; Prometheus gets an error.
    """
    yield from _agents(home)
    yield from _rollout(home)
    ends = _gauge("expires_timestamp_seconds", "When a certificate or revocation list kept here ends", "name")
    for each in endings(home):
        if each.ends_ms is not None:
            ends.add_metric([_label(each)], each.ends_ms / 1000)
    yield ends


def _agents(home: Home) -> Iterator[Metric]:
    members = Counter[Membership]()
    days = Counter[str]()
    for each in standings(home):
        members[each.membership] += 1
        if each.membership is Membership.ENROLLED and each.certificate_days is not None:
            days[next((str(bound) for bound in DAYS if each.certificate_days < bound), "more")] += 1
    agents = _gauge("agents", "Agents on file; pending: not enrolled yet", "membership")
    yield labelled(agents, {membership.value: members[membership] for membership in Membership})
    certificates = _gauge(
        "certificates", "Enrolled agents by the whole days that their certificate has left, fewer than this", "days"
    )
    yield labelled(certificates, {word: days[word] for word in (*map(str, DAYS), "more")})


def _rollout(home: Home) -> Iterator[Metric]:
    """Yields metrics of the newest roll-out, for only one is under way at a time; no sample before the first."""
    phases = _gauge("rollout_phase", "1 where the newest roll-out is in it", "rollout", "kind", "phase")
    agents = _gauge("rollout_agents", "Agents of the newest roll-out, by how they stand", "rollout", "kind", "progress")
    stopped = _gauge("rollout_stopped", "1 where that ended it before its end", "rollout", "kind", "cause")
    changed = _gauge("rollout_changed_timestamp_seconds", "When something changed in it", "rollout", "kind")
    newest = home.rollouts.newest()
    if newest is not None:
        labels = [str(newest.id), newest.kind.value]
        counts = Counter(each.state for each in newest.state.agents.values())
        for phase in RolloutPhase:
            phases.add_metric([*labels, phase.value], float(newest.state.phase is phase))
        for progress in AgentProgress:
            agents.add_metric([*labels, progress.value], counts[progress])
        for cause in StopCause:
            if cause is not StopCause.NONE:
                stopped.add_metric([*labels, cause.value], float(newest.state.stopped is cause))
        changed.add_metric(labels, newest.changed_at_ms / 1000)
    yield from (phases, agents, stopped, changed)


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, says, labels=labels)


def _label(ending: Ending) -> str:
    return ending.name.replace(" ", "_")
