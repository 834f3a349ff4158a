"""Probes clock, keys and certificate, which must be right before any service accepts this box."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from edge_agent.clock import Clock
from edge_agent.enrolment.client import EnrolmentClient, EnrolmentTimeouts
from edge_agent.enrolment.identity import CLOCK_TOLERANCE_MS, Identity, utc
from edge_agent.errors import EnrolmentError
from edge_agent.host_port import host_port
from provisioning.contracts.config.processes import AuthenticatedSource, EdgeConfig, Provisioning
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault

_SERVICE: Final = "enrolment service"
_SOON: Final = 6
"""A sixth of its life left: a certificate is renewed with a third left, so half of that time has passed in vain."""
_DAY_MS: Final = 24 * 3600 * 1000
_ENROL: Final = (
    "enrol this box again with a new bundle: wayside-provision bundle AGENT, then wayside-edge enrol --again"
)


@dataclass(frozen=True, slots=True)
class Time:
    """The time to judge by: the enrolment service's if it answered, else this box's."""

    now_ms: int
    is_known: bool
    """True if the enrolment service confirmed the time."""
    is_off: bool = False
    findings: list[Diagnosis] = field(default_factory=list)

    @classmethod
    def measure(cls, edge: EdgeConfig, clock: Clock) -> Self:
        """Ask the enrolment service, even one that is not trusted: a wrong clock here may be the cause of that."""
        here_ms = clock.now_ms()
        if edge.provisioning is None:
            return cls(here_ms, False, findings=[Diagnosis("clock", "not judged: this agent was not enrolled")])
        provisioning = edge.provisioning
        try:
            client = EnrolmentClient.verified(provisioning.host, provisioning.port, edge.broker.ca_file, clock)
            there_ms = client.hello().now_ms
        except EnrolmentError as error:
            if error.cause == "untrusted":
                return cls._unproven(provisioning, str(error), clock)
            return cls(here_ms, False, findings=_unasked(str(error), provisioning))
        found = f"{host_port(provisioning.host, provisioning.port)} answers, as the authority known here vouches"
        return cls._compared(clock.now_ms(), there_ms, [Diagnosis(_SERVICE, found)], "")

    @classmethod
    def _unproven(cls, provisioning: Provisioning, why: str, clock: Clock) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # nothing is sent to it, and its time sets no clock
        client = EnrolmentClient(provisioning.host, provisioning.port, context, clock, EnrolmentTimeouts(), pin=None)
        try:
            there_ms = client.hello().now_ms
        except EnrolmentError:
            there_ms = clock.now_ms()
        made = cls._compared(clock.now_ms(), there_ms, [], " (by a service that is not proven by this clock)")
        if not made.is_off:
            remedy = "compare provisioning.host and ca.crt with the centre's; was that set up anew? Then enrol anew"
            made.findings.append(Diagnosis(_SERVICE, why, Fault.ENROLMENT_WRONG_AUTHORITY, remedy))
            return cls(made.now_ms, False, findings=[each for each in made.findings if each.where == _SERVICE])
        return made

    @classmethod
    def _compared(cls, here_ms: int, there_ms: int, findings: list[Diagnosis], by: str) -> Self:
        off_ms = here_ms - there_ms
        words = f"{abs(off_ms) / 1000:.1f} s {'ahead of' if off_ms > 0 else 'behind'} the enrolment service{by}"
        if abs(off_ms) <= CLOCK_TOLERANCE_MS:
            return cls(there_ms, True, findings=[*findings, Diagnosis("clock", words)])
        there = utc(there_ms).removesuffix(" UTC")
        remedy = f"let NTP set it, or run: sudo date -u -s '{there}'; certificates do not count until then"
        return cls(there_ms, True, True, [*findings, Diagnosis("clock", words, Fault.CLOCK_OFF, remedy)])


def keys(edge: EdgeConfig) -> Iterator[Diagnosis]:
    """Check that no other user may read the private keys and password files."""
    files = {edge.broker.key_file}
    if edge.provisioning is not None:
        files.add(edge.provisioning.secrets_key_file)
    for camera in edge.cameras:
        if isinstance(camera.source, AuthenticatedSource) and camera.source.password_file is not None:
            files.add(camera.source.password_file)
    for file in sorted(files):
        if not file.exists():
            continue  # the probe that needs the file reports this
        mode = file.stat().st_mode & 0o777
        if mode & 0o077:
            found = f"{file}: others may use it (mode {mode:o})"
            remedy = (
                f"run: chmod 600 {file}; whoever could read it may have: if this box is not yours alone, enrol again"
            )
            yield Diagnosis("key", found, Fault.KEY_READABLE, remedy)
        else:
            yield Diagnosis("key", f"{file}: its owner's alone")


def certificate(edge: EdgeConfig, time: Time) -> Diagnosis:
    """Check that the certificate is this agent's, for its key, and valid now by the service's clock, if known."""
    where = "certificate"
    try:
        identity = Identity.load(edge.broker.cert_file, edge.broker.key_file)
    except EnrolmentError as error:
        is_foreign = "another key" in str(error)
        return Diagnosis(
            where, str(error), Fault.CERTIFICATE_NOT_OURS if is_foreign else Fault.CERTIFICATE_MISSING, _ENROL
        )
    if identity.agent_id != edge.agent_id:
        found = f"{edge.broker.cert_file}: for {identity.agent_id!r} and not for agent {edge.agent_id!r}"
        return Diagnosis(where, found, Fault.CERTIFICATE_NOT_OURS, f"put the right agent_id, or {_ENROL}")
    until = f"until {utc(identity.ends_ms)}"
    if time.now_ms >= identity.ends_ms:
        return Diagnosis(where, f"ended: it counted {until}", Fault.CERTIFICATE_EXPIRED, _ENROL)
    if time.now_ms < identity.begins_ms - CLOCK_TOLERANCE_MS:
        found = f"begins on {utc(identity.begins_ms)}, and it is {utc(time.now_ms)}"
        return Diagnosis(where, found, Fault.CLOCK_OFF, "let NTP set the clock, or set it: sudo date -u -s 'NOW'")
    days = (identity.ends_ms - time.now_ms) // _DAY_MS
    if time.now_ms > identity.ends_ms - (identity.ends_ms - identity.begins_ms) // _SOON:
        return Diagnosis(
            where,
            f"{days} days left, {until}, and not renewed by itself",
            Fault.CERTIFICATE_ENDS_SOON,
            "see that the agent runs and that the enrolment service is reached; the agent's log says what hinders it",
        )
    return Diagnosis(where, f"agent {identity.agent_id}, {days} days left, {until}")


def _unasked(why: str, provisioning: Provisioning) -> list[Diagnosis]:
    service = host_port(provisioning.host, provisioning.port)
    remedy = f"let TCP to {service} through, and see that wayside-provision serve runs there"
    return [
        Diagnosis(_SERVICE, why, Fault.ENROLMENT_UNREACHABLE, remedy),
        Diagnosis("clock", "not judged: nobody was reached who would know"),
    ]
