"""`wayside-edge doctor`: what is wrong on this box, each fault by one name, and what to do about it.

`check` asks whether the agent can run; this asks why it does not do what it should. It looks from the ground up, and a
fault that is found keeps what follows from it from being accused as well: a wrong clock makes no certificate expired.
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
    """Look at everything, one after another; a fault stops only what cannot be judged without it.

    The broker is asked in the agent's name, as there is no other, and a name has one session: beside a running agent it
    is asked by TLS alone, and the agent for the rest.
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
    yield from settings.look(edge, path, clock)
    time = identity.Time.ask(edge, clock)
    yield from time.said
    yield from identity.keys(edge)
    certificate = identity.certificate(edge, time)
    yield certificate
    yield from machine.look(edge, clock)
    if certificate.fault is Fault.CERTIFICATE_MISSING:
        yield Diagnosis("broker", "not asked: there is no certificate to show")
    else:
        yield from broker.look(edge, dialler(edge), time, clock)
    try:
        used = in_use(edge, clock)
    except DocumentsError:
        used = edge  # said above
    yield from cameras.look(used, clock)
