"""Status of a home: its agents, their configurations, ends of certificates and lists, and warnings."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from rich.table import Table

from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Configured, Membership, Verdict
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.topics import Role
from provisioning.errors import AuthorityError
from provisioning.home.agents import Agent
from provisioning.home.home import Home
from provisioning.output import CommandResult, table
from provisioning.pki import revocation_list
from provisioning.pki.authority import Authority
from provisioning.pki.identities import SERVICES, SIGNERS

CERTIFICATE_DAYS: Final = 30
LIST_DAYS: Final = 7
"""Days left at which a revocation list is warned of; the agents' is written daily, for thirty days."""
_ELSEWHERE: Final = frozenset({Role.CLUSTER.value, Role.CENTER.value, *SIGNERS})
"""Services whose certificates may have been moved to their servers."""
_DAY_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class AgentStanding:
    """Status of one agent. Days are whole days left, negative after the end."""

    id: str
    site: str
    membership: Membership
    since_ms: int
    certificate_ends_ms: int | None
    certificate_days: int | None
    code_ends_ms: int | None
    """End of an unused code."""
    cameras: int
    configuration: int | None
    """Number of the newest document."""
    judged: int | None
    """Number of the document that the agent last reported on."""
    verdict: Verdict | None
    cause: str
    active: int | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate or a revocation list, with its end; None if it is not here, or unreadable as `fault` says."""

    name: str
    ends_ms: int | None
    days: int | None
    fault: str = ""
    revoked: int | None = None
    """Number of certificates that a list names."""


def show(home: Home) -> CommandResult:
    """Collects the status of a home; changes nothing.

    Raises:
        RegisterError: the register cannot be used.
    """
    now_ms = home.now_ms()
    sites = home.register.sites()
    agents = list(standings(home))
    certificates, lists = [*_certificates(home, now_ms)], [*_lists(home, now_ms)]
    warnings = [*_agent_warnings(agents, now_ms), *_end_warnings(certificates, lists)]
    key_is_here = home.identities.services.key_file.exists()
    facts = {
        "home": str(home.directory),
        **home.config.model_dump(),
        "expect": home.seal_key.seal.key[:16],
        "services_key_is_here": key_is_here,
        "sites": [asdict(each) for each in sites],
        "agents": [asdict(each) for each in agents],
        "certificates": [asdict(each) for each in certificates],
        "revocation_lists": [asdict(each) for each in lists],
        "warnings": warnings,
    }
    kept = "here" if key_is_here else "kept elsewhere"
    shown: list[str | Table] = [
        f"{home.directory}: {home.config.name}, reached at {home.config.host}; the services' authority key is {kept}"
    ]
    count = {site.id: sum(agent.site == site.id for agent in agents) for site in sites}
    shown.append(table(("site", "name", "agents"), [(site.id, site.name, count[site.id]) for site in sites]))
    shown.append(_agents_table(agents))
    rows = [(each.name, _day(each.ends_ms), each.days, each.revoked) for each in (*certificates, *lists)]
    shown.append(table(("certificate or list", "ends", "days left", "revoked"), rows))
    shown += [f"warning: {each}" for each in warnings] or ["nothing to warn of"]
    return CommandResult(facts, shown)


def endings(home: Home) -> Iterator[Ending]:
    """Yields the end of every certificate and revocation list, also of those that are not here."""
    now_ms = home.now_ms()
    yield from _certificates(home, now_ms)
    yield from _lists(home, now_ms)


def standings(home: Home) -> Iterator[AgentStanding]:
    """Yields the status of every agent, by id.

    Raises:
        RegisterError: the register cannot be used.
    """
    now_ms = home.now_ms()
    codes = home.register.pending_codes()
    for agent in home.register.agents():
        newest = home.plans.newest_document(agent.id)
        ends_ms = _certificate_end(home, agent)
        report = _reported(home, agent)
        yield AgentStanding(
            id=agent.id,
            site=agent.site_id,
            membership=agent.membership,
            since_ms=agent.since_ms,
            certificate_ends_ms=ends_ms,
            certificate_days=None if ends_ms is None else (ends_ms - now_ms) // _DAY_MS,
            code_ends_ms=codes.get(agent.id),
            cameras=len(home.plans.cameras(agent.id)),
            configuration=None if newest is None else newest.number,
            judged=None if report is None else report.number,
            verdict=None if report is None else report.verdict,
            cause="" if report is None else report.cause,
            active=None if report is None else report.active,
        )


def _certificate_end(home: Home, agent: Agent) -> int | None:
    ends = [each.ends_at_ms for each in home.register.certificates(agent.id) if each.revoked_at_ms is None]
    return max(ends, default=None)


def _reported(home: Home, agent: Agent) -> Configured | None:
    stored = home.plans.configured(agent.id)
    if stored is None:
        return None
    try:
        return codec.decode(Configured, stored.encode())
    except ContractError:
        return None  # kept by a newer version of this program; the agent says it again at its next start


def _certificates(home: Home, now_ms: int) -> Iterator[Ending]:
    for authority in (home.identities.agents, home.identities.services):
        yield _ending(f"authority {authority.ca_file.stem}", authority.certificate.not_valid_after_utc, now_ms)
    for name in SERVICES:
        if name in _ELSEWHERE and not home.identities.identity(name).cert_file.exists():
            yield Ending(name, None, None)
            continue
        try:
            ends_at = home.identities.certificate(name).not_valid_after_utc
        except AuthorityError as error:
            yield Ending(name, None, None, str(error))
        else:
            yield _ending(name, ends_at, now_ms)


def _lists(home: Home, now_ms: int) -> Iterator[Ending]:
    for authority in (home.identities.agents, home.identities.services):
        yield _list(authority, now_ms)


def _list(authority: Authority, now_ms: int) -> Ending:
    name = f"revocation list of {authority.ca_file.stem}"
    try:
        found = revocation_list.read(authority.crl_file, authority)
    except AuthorityError as error:
        return Ending(name, None, None, str(error))
    return _ending(name, found.ends_at, now_ms, revoked=len(found.serials))


def _ending(name: str, ends_at: datetime, now_ms: int, *, revoked: int | None = None) -> Ending:
    ends_ms = round(ends_at.timestamp() * 1000)
    return Ending(name, ends_ms, (ends_ms - now_ms) // _DAY_MS, revoked=revoked)


def _agent_warnings(agents: list[AgentStanding], now_ms: int) -> Iterator[str]:
    for agent in agents:
        if agent.membership is Membership.REVOKED:
            continue
        days = agent.certificate_days
        if days is not None and days < CERTIFICATE_DAYS:
            yield (
                f"agent {agent.id}: its certificate {_left(days)}, and it renews that by itself once it is running and"
                " reaches enrolment"
            )
        if agent.code_ends_ms is not None and agent.code_ends_ms < now_ms:
            yield f"agent {agent.id}: its code has expired unused; another: wayside-provision bundle {agent.id}"
        if agent.verdict in {Verdict.ROLLED_BACK, Verdict.REFUSED}:
            what = "unreadable" if agent.judged is None else agent.judged
            outcome = f"configuration {what} was {_words(agent.verdict)}: {agent.cause or 'it says no cause'}"
            remedy = f"the corrected list: wayside-provision cameras import {agent.id} FILE"
            yield f"agent {agent.id}: {outcome}; {remedy}"
        if agent.verdict is Verdict.APPLIED and agent.cause:
            yield f"agent {agent.id}: configuration {agent.judged}: {agent.cause}"


def _end_warnings(certificates: list[Ending], lists: list[Ending]) -> Iterator[str]:
    for each, least in (*((each, CERTIFICATE_DAYS) for each in certificates), *((each, LIST_DAYS) for each in lists)):
        if each.fault:
            yield f"{each.name}: {each.fault}"
        elif each.days is not None and each.days < least:
            yield f"{each.name} {_left(each.days)}; wayside-provision serve writes it anew where the key is at hand"


def _left(days: int) -> str:
    return "has ended" if days < 0 else f"ends in {days} days"


def _agents_table(agents: list[AgentStanding]) -> Table:
    titles = ("agent", "site", "is", "certificate", "cameras", "configuration")
    rows = [
        (
            agent.id,
            agent.site,
            agent.membership,
            None if agent.certificate_days is None else f"{agent.certificate_days} days",
            agent.cameras,
            _configuration(agent),
        )
        for agent in agents
    ]
    return table(titles, rows)


def _configuration(agent: AgentStanding) -> str | None:
    if agent.configuration is None and agent.verdict is None:
        return None
    outcome = "nothing heard" if agent.verdict is None else f"{agent.judged or '?'} {_words(agent.verdict)}"
    return f"newest {agent.configuration or 'none'}, {outcome}, in use {agent.active or 'none'}"


def _words(verdict: Verdict) -> str:
    return verdict.replace("_", " ")


def _day(ms: int | None) -> str | None:
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"
