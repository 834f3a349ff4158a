"""Implements the commands about home, sites and agents. Each may be repeated without effect."""

import getpass
import os
import pwd
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from provisioning.contracts.fleet.documents import Membership
from provisioning.errors import HomeError, RegisterError
from provisioning.home import documents
from provisioning.home.home import Home, HomeConfig, default_directory
from provisioning.output import CommandResult, announcer, moment, table

_MAX_REASON: Final = 200
_ADDRESS: Final = "a host name or an address, without a port"
_PORT: Final = "a port, 1 to 65535"
_MUST_BE: Final = {
    "name": "up to 63 of a-z, 0-9, '-', the first a letter or digit",
    "host": _ADDRESS,
    "listen": _ADDRESS,
    "services_listen": _ADDRESS,
    "services_host": _ADDRESS,
    "agents_port": _PORT,
    "services_port": _PORT,
    "enrolment_port": _PORT,
    "account": "a user name",
}


_ACCOUNT: Final = "wayside-home"
"""Owner of the home that an installed release has."""
_INSTALLED: Final = "/var/lib/wayside-home/home"


def place(directory: Path | None) -> Path:
    """Returns the folder of the home, existing or not.

    Raises:
        HomeError: root names none on a machine where an account has it: a second authority would come of it.
    """
    if directory is not None:
        return directory.expanduser().absolute()
    if os.geteuid() == 0 and "WAYSIDE_HOME" not in os.environ and _has_account():
        raise HomeError(
            f"the home of this machine is {_INSTALLED}, and {_ACCOUNT}'s: as root type wayside-provision as"
            f" install.sh put it into /usr/local/bin, or act as {_ACCOUNT} and add --home {_INSTALLED}"
        )
    return default_directory().absolute()


def _has_account() -> bool:
    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return False
    return True


def init(directory: Path, asked: Mapping[str, Any]) -> CommandResult:
    """Creates a home. `asked`: values of `HomeConfig`; None is a default, or leaves the value as it is.

    Raises:
        HomeError: there is one with other values, or it cannot be made.
    """
    given = {key: value for key, value in asked.items() if value is not None}
    changed = not (directory / "home.toml").exists()
    home = Home.create(directory, _config(given)) if changed else _same(Home.open(directory), given)
    facts = {
        "changed": changed,
        "home": str(directory),
        **home.config.model_dump(),
        "expect": home.seal_key.seal.key[:16],
    }
    if not changed:
        return CommandResult(facts, [f"{directory}: there is a home here already, just so; nothing was changed"])
    config = home.config
    reached = f"{config.host}, ports {config.agents_port} (broker) and {config.enrolment_port} (enrolment)"
    return CommandResult(
        facts,
        [
            f"{directory}: a new home; agents reach it at {reached}",
            "whoever can read this folder can be anybody: back it up encrypted, and no other way",
            "next: wayside-provision site add ID --name TEXT",
            "and let run: wayside-provision broker run, and wayside-provision serve",
        ],
    )


def _config(given: Mapping[str, Any]) -> HomeConfig:
    try:
        return HomeConfig.model_validate({"name": "wayside", "account": getpass.getuser(), **given})
    except ValidationError as error:
        wrong = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors(include_url=False, include_input=False))
        text = "; ".join(f"--{key.replace('_', '-')} must be {_MUST_BE[key]}" for key in wrong)
        raise HomeError(f"no home can be made so: {text}") from error


def _same(home: Home, given: Mapping[str, Any]) -> Home:
    known = home.config.model_dump()
    other = [f"{key} {known[key]} and not {value}" for key, value in given.items() if known[key] != value]
    if other:
        raise HomeError(
            f"{home.directory}: there is a home here already, with {', '.join(other)}. Agents know these values. To"
            " change them: edit home.toml, then run wayside-provision service replace broker, and the same with"
            " enrolment (which makes bundles not used yet worthless)"
        )
    return home


def add_site(home: Home, site_id: str, name: str, latitude: float | None, longitude: float | None) -> CommandResult:
    """Adds a site.

    Raises:
        RegisterError: see `Register.add_site`.
    """
    changed = home.register.add_site(site_id, name, latitude, longitude)
    facts = {"changed": changed, "site": site_id, "name": name, "latitude": latitude, "longitude": longitude}
    if not changed:
        return CommandResult(facts, [f"site {site_id} is there already, just so; nothing was changed"])
    return CommandResult(facts, [f"site {site_id} added", f"next: wayside-provision agent new ID --site {site_id}"])


def list_sites(home: Home) -> CommandResult:
    """Lists every site.

    Raises:
        RegisterError: the register cannot be used.
    """
    sites = home.register.sites()
    facts = [{"id": s.id, "name": s.name, "latitude": s.latitude, "longitude": s.longitude} for s in sites]
    rows = [(s.id, s.name, s.latitude, s.longitude) for s in sites]
    return CommandResult({"sites": facts}, [table(("site", "name", "latitude", "longitude"), rows)])


def add_agent(home: Home, agent_id: str, site_id: str, *, again: bool) -> CommandResult:
    """Registers an agent, or allows a revoked one to enrol anew.

    Raises:
        RegisterError: see `Register.add_agent`.
    """
    before = {agent.id: agent for agent in home.register.agents()}.get(agent_id)
    changed = home.register.add_agent(agent_id, site_id, again=again)
    documents.roster(home)
    revoked_at_ms = before.revoked_at_ms if before is not None else None
    agent = home.register.agent(agent_id)
    next_step = f"wayside-provision bundle {agent_id}"
    if revoked_at_ms is not None:
        outcome = f"agent {agent_id} was revoked at {moment(revoked_at_ms)} and may enrol anew"
    elif changed:
        outcome = f"agent {agent_id} added at site {site_id}"
    else:
        outcome = f"agent {agent_id} is there already, at site {site_id}: {agent.membership}; nothing was changed"
    facts = {
        "changed": changed,
        "agent": agent_id,
        "site": site_id,
        "membership": agent.membership,
        "was_revoked_at_ms": revoked_at_ms,
        "next": None if agent.membership is Membership.ENROLLED else next_step,
    }
    lines = [outcome]
    if agent.membership is not Membership.ENROLLED:
        lines += [f"next, what the box enrols with: {next_step} -o {agent_id}.bundle"]
    return CommandResult(facts, lines)


def list_agents(home: Home) -> CommandResult:
    """Lists every agent.

    Raises:
        RegisterError: the register cannot be used.
    """
    agents = home.register.agents()
    facts = [
        {"id": each.id, "site": each.site_id, "membership": each.membership, "since_ms": each.since_ms}
        for each in agents
    ]
    rows = [(each.id, each.site_id, each.membership, moment(each.since_ms)) for each in agents]
    return CommandResult({"agents": facts}, [table(("agent", "site", "is", "since"), rows)])


def revoke(home: Home, agent_id: str, reason: str, confirm: Callable[[str], None]) -> CommandResult:
    """Revokes an agent; `confirm` asks first, if there is something to revoke, and raises unless the answer is yes.

    Raises:
        RegisterError: no such agent, or the reason is empty or unprintable.
        AuthorityError: the revocation list cannot be written; run it again.
    """
    if not reason.strip() or len(reason) > _MAX_REASON or not reason.isprintable():
        raise RegisterError(f"a reason has 1 to {_MAX_REASON} characters and no line break")
    agent = home.register.agent(agent_id)
    if agent.membership is not Membership.REVOKED:
        confirm(
            f"agent {agent_id} at site {agent.site_id} will be cut off, and needs a new bundle to come back. Revoke it?"
        )
    serials = home.revoke(agent_id, reason)
    documents.roster(home)
    changed = agent.membership is not Membership.REVOKED
    since_ms = home.register.agent(agent_id).since_ms
    facts = {"changed": changed, "agent": agent_id, "revoked_at_ms": since_ms, "serials": serials}
    if not changed:
        return CommandResult(
            facts, [f"agent {agent_id} was revoked already, at {moment(since_ms)}; nothing was changed"]
        )
    return CommandResult(
        facts,
        [
            f"agent {agent_id} is revoked",
            f"certificates: {', '.join(serials) or 'it had none'}",
            "the running broker takes it up within seconds and ends its connections",
            "the running service tells the centre",
        ],
    )


def replace_service(home: Home, name: str) -> CommandResult:
    """Makes a new key and certificate for a service.

    Raises:
        AuthorityError: see `Home.replace_service`.
    """
    old = home.replace_service(name)
    identity = home.identities.identity(name)
    serial = None if old is None else str(old.serial_number)
    facts = {
        "changed": True,
        "service": name,
        "revoked_serial": serial,
        "certificate": str(identity.cert_file),
        "key": str(identity.key_file),
    }
    lines = [
        f"{name} has a new key and certificate: {identity.key_file}, {identity.cert_file}",
        "it had none before" if serial is None else f"the certificate it had is revoked: {serial}",
        _HANDED_OVER.get(name, f"next: copy both to the server of {name}, mode 0600, and start it again"),
    ]
    return CommandResult(facts, lines)


_HANDED_OVER: Final = {
    "broker": "the running broker takes it up within seconds",
    "enrolment": "next: start again wayside-provision serve. Bundles not used yet pin the old key and are worthless:"
    " make them again with wayside-provision bundle AGENT",
    "provisioning": "next: start again wayside-provision serve",
}


def serve(home: Home, *, as_json: bool) -> CommandResult:
    """Runs enrolment and delivery until a signal ends them.

    Raises:
        ProvisioningError: see `service.serve`.
    """
    from provisioning.service import serve as service  # noqa: PLC0415 - an HTTP server and an MQTT client are no business of the others

    service.serve(home, announcer(as_json=as_json))
    return CommandResult({"said": "ended"}, ["ended"])
