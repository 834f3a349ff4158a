"""`wayside-edge doctor`: finds the faults of this box, each by one name, with a remedy.

`check` says whether the agent can run; `doctor` finds why it does not do what it should. It probes from the ground up,
and a fault suppresses those that follow from it: with a wrong clock no certificate is reported as expired.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.diagnosis import broker, cameras, identity, machine, settings
from edge_agent.errors import DocumentsError
from edge_agent.remote_config.documents import in_use
from edge_agent.uplink.mqtt import Dial
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault


def examine(path: Path, dialler: Callable[[EdgeConfig], Dial], clock: Clock) -> Iterator[Diagnosis]:
    """Run every probe, one after another; a fault stops only those that cannot be judged without it.

    The broker is connected to under the agent's name, as there is no other, and a name has one session: beside a
    running
    agent the broker is probed by TLS alone, and the agent's metrics tell the rest.
    """
    try:
        edge = load(EdgeConfig, path)
    except ConfigError as error:
        yield Diagnosis(
            "configuration",
            str(error),
            Fault.CONFIGURATION_INVALID,
            f"correct {path}; where it cannot be mended, enrol again: wayside-edge enrol BUNDLE --into {path.parent}",
        )
        return
    yield from settings.probe_settings(edge, path, clock)
    time = identity.Time.measure(edge, clock)
    yield from time.findings
    yield from identity.keys(edge)
    certificate = identity.certificate(edge, time)
    yield certificate
    yield from machine.probe_machine(edge, clock)
    if certificate.fault is Fault.CERTIFICATE_MISSING:
        yield Diagnosis("broker", "not asked: there is no certificate to show")
    else:
        yield from broker.probe_broker(edge, dialler(edge), time, clock)
    try:
        used = in_use(edge, clock)
    except DocumentsError:
        used = edge  # reported above
    yield from cameras.probe_cameras(used, clock)
