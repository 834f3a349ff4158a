"""Enrols a box as an agent: makes the folder that `wayside-edge run` starts from.

Whatever goes wrong, and at whatever moment the box is switched off, the same command run again finishes: both keys are
on the disk before the code is spent, the service answers the same key again, and `agent.toml` is written last.
"""

import json
import threading
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.enrolment.agent_folder import AgentFolder, Owner
from edge_agent.enrolment.client import EnrolmentClient
from edge_agent.enrolment.identity import CLOCK_TOLERANCE_MS, Identity, Papers, request, utc
from edge_agent.enrolment.request import EnrolmentOrder, check_fingerprint
from edge_agent.errors import EnrolmentError
from engines.catalog.catalog import default_models_dir
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.enrolment import Enrolled, EnrolRequest, Hello
from provisioning.contracts.wire import codec
from provisioning.files import durable

STEP_S: Final = 2.0
"""Seconds between attempts to reach a service that does not answer yet."""
_CONFIG: Final = """\
# Written by `wayside-edge enrol`. Cameras come from the centre, in signed documents. Paths are relative to this folder.
agent_id = {agent_id}
models_dir = {models_dir}

[broker]
host = {broker_host}
port = {broker_port}
ca_file = "ca.crt"
cert_file = "agent.pem" # certificate and private key in one, so that a renewal replaces both at once
key_file = "agent.pem"

[spool]
directory = "spool"

[updates]
directory = "update"

[provisioning]
host = {host}
port = {port}
seal_key_file = "seal.pub"
secrets_key_file = "secrets.key"
documents_dir = "documents"
"""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The result of an enrolment."""

    owner: Owner
    config: Path
    ends_ms: int
    """End of the certificate, milliseconds since the Unix epoch."""
    seal_key: str
    """Key of the seal whose documents will be obeyed."""
    is_new: bool
    """True if the code was spent; if not, the folder was this agent's already, and nothing was sent."""
    set_aside: Path | None = None
    """Copy of an earlier configuration that had to be replaced."""


def enrol(
    order: EnrolmentOrder,
    into: Path,
    code: Callable[[str], str],
    clock: Clock,
    *,
    models_dir: Path | None = None,
    expect: str | None = None,
    again: bool = False,
    wait_s: float = 0.0,
) -> Enrolment:
    """Make `into` the folder of the agent that was ordered.

    `code` is called with the seal's key, once the service is known to be the right one and the clock to be set. A
    service
    that cannot be reached is tried again for `wait_s`: a modem, or the service, may be coming up.

    Raises:
        EnrolmentError: the obstacle, and what to do. Unless the service has agreed, nothing in the folder has
            changed but for keys that wait to be used.
        ConfigError: the folder's own configuration is damaged.
    """
    if expect is not None and order.seal_key is not None:
        check_fingerprint(order.seal_key, expect)
    folder = AgentFolder(into.absolute())
    folder.prepare()
    with folder.locked():
        _check_owner(folder, order)
        if not again and (before := _before(folder, clock)):
            return before
        client = EnrolmentClient.pinned(order.host, order.port, order.pin, clock)
        hello = _hello(client, clock, wait_s)
        _check_service(hello, order, folder)
        if expect is not None:
            check_fingerprint(hello.seal_key, expect)
        _check_clock(hello, clock)
        models = _models_dir(folder, models_dir)
        typed = code(hello.seal_key)
        secrets, key = folder.secrets_key(), folder.pending_key()
        answer = client.enrol(
            EnrolRequest(
                site_id=order.site_id,
                agent_id=order.agent_id,
                code=typed,
                csr=request(key),
                secrets_key=secrets.public,
            )
        )
        if answer.site_id != order.site_id:
            raise EnrolmentError(f"the answer is for site {answer.site_id}, asked was for {order.site_id}")
        papers = Papers.check(answer, key, agent_id=order.agent_id, seal_key=hello.seal_key, now_ms=clock.now_ms())
        return _keep(
            folder, papers, Owner(site_id=order.site_id, agent_id=order.agent_id), _config(order, answer, models)
        )


def _hello(client: EnrolmentClient, clock: Clock, wait_s: float) -> Hello:
    until_s, never = clock.monotonic_s() + wait_s, threading.Event()
    while True:
        try:
            return client.hello()
        except EnrolmentError as error:
            if error.cause != "unreachable" or clock.monotonic_s() >= until_s:
                raise
        clock.wait(never, STEP_S)


def _check_owner(folder: AgentFolder, order: EnrolmentOrder) -> None:
    owner, seal_key = folder.owner(), folder.seal_key()
    if owner is not None and (owner.agent_id, owner.site_id) != (order.agent_id, order.site_id):
        raise EnrolmentError(
            f"{folder.path}: is the folder of agent {owner.agent_id} of site {owner.site_id}, and this is for agent"
            f" {order.agent_id} of site {order.site_id}: give another folder with --into"
        )
    if seal_key is not None and order.seal_key not in {None, seal_key}:
        raise _another_authority(folder)


def _check_service(hello: Hello, order: EnrolmentOrder, folder: AgentFolder) -> None:
    if order.seal_key not in {None, hello.seal_key}:
        raise EnrolmentError(
            f"the enrolment service's seal is {hello.seal_key[:16]}… and the bundle's is another: the code is"
            " not spent; have a new bundle made"
        )
    if folder.seal_key() not in {None, hello.seal_key}:
        raise _another_authority(folder)


def _another_authority(folder: AgentFolder) -> EnrolmentError:
    return EnrolmentError(
        f"{folder.path}: obeys the seal {(folder.seal_key() or '')[:16]}…, and this is from another authority: if the"
        " centre was set up anew, enrol into an empty folder"
    )


def _check_clock(hello: Hello, clock: Clock) -> None:
    now_ms = clock.now_ms()
    if abs(now_ms - hello.now_ms) > CLOCK_TOLERANCE_MS:
        there = utc(hello.now_ms)
        raise EnrolmentError(
            f"this box's clock says {utc(now_ms)}, the enrolment service's {there}: certificates would not work. Run:"
            f" sudo date -u -s '{there.removesuffix(' UTC')}' and then this command again; the code is not spent"
        )


def _before(folder: AgentFolder, clock: Clock) -> Enrolment | None:
    """Return the result of an earlier run, if it finished and its certificate is still valid."""
    owner = folder.owner()
    if owner is None or not folder.config.exists():
        return None
    load(EdgeConfig, folder.config)
    try:
        identity = Identity.load(folder.identity, folder.identity)
        identity.require(owner.agent_id, clock.now_ms())
    except EnrolmentError:
        return None  # ended, or damaged: then it is enrolled anew
    folder.forget_pending()
    return Enrolment(owner, folder.config, identity.ends_ms, folder.seal_key() or "", is_new=False)


def _models_dir(folder: AgentFolder, given: Path | None) -> Path:
    """Choose the models' folder: as given, as configured before, or where `wayside-engines fetch` puts them."""
    earlier = _earlier_config(folder)
    chosen = given or (earlier and earlier.models_dir) or default_models_dir()
    if not str(chosen).isprintable():
        raise EnrolmentError("--models: this folder's name has characters that no configuration can hold; rename it")
    return chosen.absolute()


def _earlier_config(folder: AgentFolder) -> EdgeConfig | None:
    try:
        return load(EdgeConfig, folder.config)
    except ConfigError:
        return None  # none, or damaged: it is set aside and written anew


def _config(order: EnrolmentOrder, answer: Enrolled, models_dir: Path) -> str:
    values = {
        "agent_id": order.agent_id,
        "models_dir": str(models_dir),
        "broker_host": answer.broker_host,
        "broker_port": answer.broker_port,
        "host": order.host,
        "port": order.port,
    }
    # A JSON string or number is TOML as well, as long as nothing is escaped to ASCII.
    return _CONFIG.format_map({key: json.dumps(value, ensure_ascii=False) for key, value in values.items()})


def _keep(folder: AgentFolder, papers: Papers, owner: Owner, config: str) -> Enrolment:
    """Write every file, the configuration last: a folder that has one is complete."""
    wanted = EdgeConfig.model_validate(tomllib.loads(config), context={"base": folder.path})
    folder.put(folder.owner_file, codec.encode(owner))
    folder.put(folder.services_ca, papers.services_ca, durable.PUBLIC)
    folder.put(folder.seal, papers.seal_key.encode(), durable.PUBLIC)
    folder.put(folder.identity, papers.pem)
    set_aside = None
    if not _is_kept(_earlier_config(folder), wanted):
        set_aside = folder.set_config_aside()
        folder.put(folder.config, config.encode())
    folder.forget_pending()
    ends_ms = papers.identity.ends_ms
    return Enrolment(owner, folder.config, ends_ms, papers.seal_key, is_new=True, set_aside=set_aside)


def _is_kept(earlier: EdgeConfig | None, wanted: EdgeConfig) -> bool:
    """True if the earlier configuration, which a technician may have added to, still leads where the new one would."""
    if earlier is None or earlier.provisioning is None or wanted.provisioning is None:
        return False
    timings = {"probation_s", "settle_s"}
    return (
        earlier.agent_id == wanted.agent_id
        and earlier.broker == wanted.broker
        and earlier.models_dir == wanted.models_dir
        and earlier.provisioning.model_dump(exclude=timings) == wanted.provisioning.model_dump(exclude=timings)
    )
