"""Finds faults at the centre for `wayside-provision doctor`: each by its name, with the remedy.

A box is checked on the spot, by `wayside-edge doctor`: of agents this shows their last reports.
"""

import os
import shutil
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from provisioning.broker import check, process
from provisioning.broker.config import ListenAddress
from provisioning.broker.probe import ACCEPTED, tls_answer
from provisioning.checks import secret_files, status
from provisioning.contracts.causes import faults
from provisioning.contracts.causes.text import terminal_language
from provisioning.contracts.fleet import diagnosis
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.fleet.documents import Membership, Verdict
from provisioning.contracts.wire.topics import Role
from provisioning.delivery.heartbeats import heard_agents
from provisioning.errors import AuthorityError, BrokerError, HomeError
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.pki import revocation_list
from provisioning.pki.authority import Authority
from provisioning.pki.identities import CLIENTS, ENROLMENT, SERVICES, SIGNERS

CLOCK_TOLERANCE_MS: Final = 5 * 60 * 1000
ANSWERS_WITHIN_MS: Final = 15 * 60 * 1000
"""A connected agent receives a configuration within seconds, and reports its outcome within its probation."""
AGENT_DAYS: Final = 15
"""An agent renews with thirty days left: half of them have passed without success."""
_CONNECT_S: Final = 5.0
_ELSEWHERE: Final = frozenset({*CLIENTS, *SIGNERS} - {Role.PROVISIONING.value})
"""Services whose keys may have been moved to their servers."""


def show(directory: Path, configs: Sequence[Path]) -> CommandResult:
    """Runs all checks. `configs`: of cluster, centre or an agent on this machine, whose secrets are checked too.

    Exit code 1: something is wrong.

    Raises:
        ConfigError: one of `configs` is none.
    """
    found = list(examine(directory, configs))
    language = terminal_language(os.environ)
    lines = [*(faults.line(each, language) for each in found), faults.sum_up(found, language)]
    return CommandResult(diagnosis.facts(found), lines, 1 if diagnosis.faults(found) else 0)


def examine(directory: Path, configs: Sequence[Path], *, patience_s: float | None = None) -> Iterator[Diagnosis]:
    """Runs one check after another; a fault stops only those that depend on it. Raises as `show`.

    `patience_s`: limit of listening to agents; see `delivery.heartbeats`.
    """
    if not directory.is_dir():
        remedy = "give it with --home, or make one: wayside-provision init"
        yield Diagnosis("home", f"{directory}: no home here", Fault.CONFIGURATION_INVALID, remedy)
        return
    yield from _secrets(directory, configs)
    yield _disk(directory)
    try:
        home = Home.open(directory)
    except (HomeError, AuthorityError) as error:
        if directory.stat().st_mode & 0o077:
            return  # said above, and nothing is opened that others may enter
        remedy = "restore the folder from its backup; a home that was lost is made anew, and every agent enrols again"
        yield Diagnosis("home", str(error), Fault.CONFIGURATION_INVALID, remedy)
        return
    yield _clock(home)
    for name in SERVICES:
        yield from _certificate(home, name)
    for authority in (home.identities.agents, home.identities.services):
        yield _revocations(home, authority)
    yield from _broker(home)
    yield _enrolment(home)
    yield from _agents(home, patience_s)


def _secrets(directory: Path, configs: Sequence[Path]) -> Iterator[Diagnosis]:
    found = list(secret_files.find(directory, configs))
    wrong = [secret for secret in found if secret.is_wrong]
    closed = [secret for secret in found if secret.is_closed]
    for secret in wrong:
        finding = f"{secret.file}: {secret.what}; mode {secret.mode or 0:04o}, to be {secret.expected:04o}"
        rotation = f"; if others could read it: {secret.rotation}" if secret.rotation else ""
        yield Diagnosis("key", finding, Fault.KEY_READABLE, f"run: chmod {secret.expected:o} {secret.file}{rotation}")
    if not wrong:
        yield Diagnosis("keys", "their owners' alone" if not closed else f"not all looked at: {_closed(closed)}")


def _closed(secrets: Sequence[secret_files.Secret]) -> str:
    files = ", ".join(str(secret.file) for secret in secrets[:3])
    more = f" and {len(secrets) - 3} more" if len(secrets) > 3 else ""
    return f"{files}{more} are closed to this user; run this command as root, too"


def _disk(directory: Path) -> Diagnosis:
    usage = shutil.disk_usage(directory)
    remedy = "remove what is not needed (journalctl --vacuum-size=500M), or enlarge the disk"
    return diagnosis.disk(str(directory), usage.total, usage.free, remedy)


def _clock(home: Home) -> Diagnosis:
    """Compares the clock with earlier entries alone: boxes take their time from here, so no other is asked."""
    newest_ms = max(
        (
            *(agent.since_ms for agent in home.register.agents()),
            *(document.issued_at_ms for document in home.plans.newest_documents()),
        ),
        default=0,
    )
    ahead_ms = newest_ms - home.now_ms()
    if ahead_ms <= CLOCK_TOLERANCE_MS:
        return Diagnosis("clock", "behind nothing that was written here")
    remedy = "let NTP set it (timedatectl set-ntp true); boxes set theirs by this machine's"
    found = f"at least {ahead_ms / 60_000:.0f} min behind what was written here before"
    return Diagnosis("clock", found, Fault.CLOCK_OFF, remedy)


def _certificate(home: Home, name: str) -> Iterator[Diagnosis]:
    where, again = f"certificate {name}", f"wayside-provision service replace {name}"
    try:
        certificate = home.identities.certificate(name)
    except AuthorityError as error:
        if name in _ELSEWHERE and not home.identities.identity(name).cert_file.exists():
            yield Diagnosis(where, "kept on its own server")
        else:
            yield Diagnosis(where, str(error), Fault.CERTIFICATE_MISSING, again)
        return
    try:
        certificate.verify_directly_issued_by(home.identities.services.certificate)
    except (InvalidSignature, ValueError, TypeError):
        found = f"not signed by {home.identities.services.ca_file}"
        yield Diagnosis(where, found, Fault.CERTIFICATE_NOT_OURS, again)
        return
    yield _term(where, certificate, home, again)


def _term(where: str, certificate: x509.Certificate, home: Home, again: str) -> Diagnosis:
    ends = certificate.not_valid_after_utc
    days = (ends - _now(home)).days
    if days < 0:
        return Diagnosis(where, f"ended on {ends:%Y-%m-%d}", Fault.CERTIFICATE_EXPIRED, again)
    if days < status.CERTIFICATE_DAYS:
        key = "" if home.identities.services.key_file.exists() else f"; bring {home.identities.services.key_file} back"
        remedy = f"let wayside-provision serve run, which renews it{key}; or: {again}"
        return Diagnosis(where, f"ends in {days} days, and was not renewed", Fault.CERTIFICATE_ENDS_SOON, remedy)
    return Diagnosis(where, f"{days} days left")


def _revocations(home: Home, authority: Authority) -> Diagnosis:
    where = f"revocation list {authority.ca_file.stem}"
    remedy = "let wayside-provision serve run: it writes the agents' daily, the services' with each certificate"
    try:
        found = revocation_list.read(authority.crl_file, authority)
    except AuthorityError as error:
        return Diagnosis(where, str(error), Fault.REVOCATIONS_END, remedy)
    days = (found.ends_at - _now(home)).days
    if days < status.LIST_DAYS:
        return Diagnosis(where, f"{days} days left: past its end nobody is let in", Fault.REVOCATIONS_END, remedy)
    return Diagnosis(where, f"number {found.number}, {len(found.serials)} revoked, {days} days left")


def _broker(home: Home) -> Iterator[Diagnosis]:
    place, listeners = process.directory(home), process.listeners(home)
    files = [each for each in check.texts(place, listeners, home.identities) if not each.is_good]
    for each in files:
        remedy = "run: wayside-provision broker render, then start the broker again"
        yield Diagnosis(f"broker {each.what}", each.detail, Fault.BROKER_MISCONFIGURED, remedy)
    if not files:
        yield Diagnosis("broker files", "as they would be rendered today")
    start = "start it: wayside-provision broker run (systemctl start wayside-broker)"
    for name, address in (("agents", listeners.agents), ("services", listeners.services)):
        where = f"broker {name}"
        if not address.accepts():
            yield _silent(where, address, start)
            continue
        own = home.identities.identity(Role.PROVISIONING.value)
        try:
            # A service shown to the agents' listener must be refused; here it is enough that our broker answers.
            answer = tls_answer(address, own if name == "services" else None, own.ca_file)
        except BrokerError as error:
            is_other = "certificate that is not" in str(error)
            yield Diagnosis(where, str(error), *(_OTHER_CERTIFICATE if is_other else _OTHER_PROGRAM))
            continue
        if name == "services" and answer != ACCEPTED:
            remedy = "wayside-provision service replace provisioning, then start wayside-provision serve again"
            yield Diagnosis(where, f"{address} refuses provisioning: {answer}", Fault.BROKER_REFUSES, remedy)
        else:
            yield Diagnosis(where, f"{address} answers")


_OTHER_CERTIFICATE: Final = (
    Fault.BROKER_WRONG_AUTHORITY,
    "a broker of another home has the port, or this one was not started again since: end it, then start this home's",
)
_OTHER_PROGRAM: Final = (
    Fault.PORT_TAKEN,
    "another program has the port: see ss -ltnp; end it, or change the port in home.toml",
)


def _silent(where: str, address: ListenAddress, start: str) -> Diagnosis:
    if (why := address.why_taken()) is not None:
        return Diagnosis(where, f"{address} cannot be listened on: {why}", *_OTHER_PROGRAM)
    return Diagnosis(where, f"{address}: nobody listens", Fault.BROKER_UNREACHABLE, start)


def _enrolment(home: Home) -> Diagnosis:
    where, address = "enrolment service", ListenAddress(home.config.listen, home.config.enrolment_port)
    if not address.accepts():
        start = "start it: wayside-provision serve (systemctl start wayside-provision)"
        silent = _silent(where, address, start)
        fault = silent.fault if silent.fault is Fault.PORT_TAKEN else Fault.ENROLMENT_UNREACHABLE
        return Diagnosis(where, silent.found, fault, silent.remedy)
    context = ssl.create_default_context(cafile=str(home.identities.services.ca_file))
    try:
        with (
            socket.create_connection(address.here, _CONNECT_S) as plain,
            context.wrap_socket(plain, server_hostname=address.here[0]) as tls,
        ):
            shown = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    except ssl.SSLCertVerificationError as error:
        found = f"{address} shows a certificate that is not ours ({error.verify_message})"
        remedy = "the service of another home has the port, or this one was not started again: start this home's"
        return Diagnosis(where, found, Fault.ENROLMENT_WRONG_AUTHORITY, remedy)
    except OSError as error:
        return Diagnosis(where, f"{address} speaks no TLS ({error})", *_OTHER_PROGRAM)
    if shown.public_key() != home.identities.certificate(ENROLMENT).public_key():
        found, remedy = f"{address} still shows the key before the present one", "start wayside-provision serve again"
        return Diagnosis(where, found, Fault.ENROLMENT_WRONG_AUTHORITY, remedy)
    return Diagnosis(where, f"{address} answers")


def _agents(home: Home, patience_s: float | None) -> Iterator[Diagnosis]:
    issued = {each.addressee: each.issued_at_ms for each in home.plans.newest_documents()}
    now_ms = home.now_ms()
    standings = list(status.standings(home))
    enrolled = {agent.id for agent in standings if agent.membership is Membership.ENROLLED}
    alive = heard_agents(home, enrolled, patience_s)
    if alive is None:
        yield Diagnosis("agents", "not listened to: there is no line to the broker")
    for agent in standings:
        if agent.membership is Membership.REVOKED:
            continue
        where = f"agent {agent.id}"
        has_fault = False
        for fault, found, remedy in _agent(agent, now_ms, issued.get(agent.id, now_ms)):
            has_fault = True
            yield Diagnosis(where, found, fault, remedy)
        if alive is not None and agent.id in enrolled - alive:
            has_fault = True
            yield Diagnosis(where, _SILENT, Fault.AGENT_SILENT, _MEET)
        if not has_fault:
            yield Diagnosis(where, f"{agent.membership}, configuration {agent.active or 'none'} in use")


def _agent(agent: status.AgentStanding, now_ms: int, issued_at_ms: int) -> Iterator[tuple[Fault, str, str]]:
    if agent.code_ends_ms is not None and agent.code_ends_ms < now_ms:
        remedy = f"another, when a technician is there: wayside-provision bundle {agent.id}"
        yield Fault.AGENT_NOT_ENROLLED, "its code ran out before a box came with it", remedy
    if agent.certificate_days is not None and agent.certificate_days < 0:
        remedy = f"make a new bundle (wayside-provision bundle {agent.id}) and enrol the box again"
        yield Fault.CERTIFICATE_EXPIRED, f"its certificate ended {-agent.certificate_days} days ago", remedy
    elif agent.certificate_days is not None and agent.certificate_days < AGENT_DAYS:
        remedy = "on the box: wayside-edge doctor says why it does not renew it by itself"
        yield Fault.CERTIFICATE_ENDS_SOON, f"its certificate ends in {agent.certificate_days} days", remedy
    if agent.configuration is None or agent.active == agent.configuration or agent.verdict is Verdict.TRYING:
        return
    if agent.judged == agent.configuration and agent.verdict in {Verdict.ROLLED_BACK, Verdict.REFUSED}:
        found = f"runs on {agent.active or 'its own file'}; {agent.configuration} was {agent.verdict}: {agent.cause}"
        remedy = (
            f"correct the list: wayside-provision cameras import {agent.id} FILE sends it. Where the list was right and"
            f" its fault is mended: wayside-provision cameras send {agent.id}"
        )
        yield Fault.CONFIGURATION_OLD, found, remedy
    elif now_ms - issued_at_ms > ANSWERS_WITHIN_MS:
        found = f"has said nothing of configuration {agent.configuration}; it runs on {agent.active or 'none of ours'}"
        yield Fault.CONFIGURATION_OLD, found, "on the box: wayside-edge doctor; it may be off, or cut off"


_SILENT: Final = "is enrolled and sends no heartbeat: it does not run, or is cut off from the broker"
_MEET: Final = "on the box: systemctl status wayside-edge, then wayside-edge doctor; its power, its cable, the way here"


def _now(home: Home) -> datetime:
    return datetime.fromtimestamp(home.now_ms() / 1000, UTC)
