"""Lists every secret of an installation: its purpose, file, mode, owner and rotation.

Reads names and modes alone and opens no secret, so it also finds faults of a home that cannot be opened.
"""

import json
import os
import pwd
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import (
    AuthenticatedSource,
    Broker,
    CenterConfig,
    EdgeConfig,
    Notify,
    load,
)
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.wire.topics import Role
from provisioning.errors import HomeError
from provisioning.output import CommandResult
from provisioning.pki.identities import SERVICES
from provisioning.servers.tree import MANIFEST, SECRET, STORE

CENTER_DATABASE: Final = "center.sqlite3"
SETUP_CODE: Final = "setup-code"
SECOND_FACTOR_KEY: Final = "second-factor.key"
"""Names of `center.bootstrap` and `center.access.second_factor`, which must not be imported; a test compares."""
EVIDENCE_FOLDER: Final = "evidence"
"""Name of `center`'s folder; a test compares."""
PENDING_KEY: Final = "pending.key"
"""Name of `edge_agent.enrolment.agent_folder`; a test compares."""
_FILE: Final = 0o600
_FOLDER: Final = 0o700
_NEW_HOME: Final = "only with a new home, in which every agent enrols again"
_BUNDLES: Final = (
    "and bundles, wherever -o or --qr put them: a one-time code each, worthless after its first use, its end, or the"
    " next wayside-provision bundle AGENT"
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret file, or a folder that keeps others out. `holder`: the home, or a configuration."""

    holder: str
    what: str
    file: Path
    rotation: str
    expected: int = _FILE
    mode: int | None = None
    """Mode as found; None without the file."""
    owner: str | None = None
    is_closed: bool = False
    """True if this user may not look into its folder."""

    @property
    def is_wrong(self) -> bool:
        """True if its mode gives others more rights than intended."""
        return self.mode is not None and bool(self.mode & ~self.expected)


def show(directory: Path | None, configs: Sequence[Path]) -> CommandResult:
    """Lists every secret of a home and of processes. Exit code 1: a mode is wrong.

    Raises:
        HomeError: there is no home in the folder, or neither it nor a configuration was given.
        ConfigError: a configuration cannot be read, or is none of an agent, a cluster or a centre.
    """
    found = list(find(directory, configs))
    wrong = [secret for secret in found if secret.is_wrong]
    facts = {
        "secrets": [_facts(secret) for secret in found],
        "bundles": _BUNDLES,
        "wrong": [str(secret.file) for secret in wrong],
    }
    shown = [line for secret in found for line in _lines(secret)]
    shown += [_BUNDLES, *(f"WRONG: chmod {secret.expected:o} {secret.file}" for secret in wrong)]
    return CommandResult(facts, shown, 1 if wrong else 0)


def find(directory: Path | None, configs: Sequence[Path]) -> Iterator[Secret]:
    """Yields every secret, each file once. Raises as `show`."""
    listed: dict[Path, Secret] = {}
    if directory is not None:
        if not directory.is_dir():
            raise HomeError(f"{directory}: no home here; give it with --home")
        listed |= {secret.file: secret for secret in _home(directory)}
    for path in configs:
        for secret in _process(path):
            known = listed.get(secret.file)
            # The centre's copy of the cluster's token may be the very file.
            holder = secret.holder if known is None else f"{known.holder}, {secret.holder}"
            listed[secret.file] = replace(known or secret, holder=holder)
    if not listed:
        raise HomeError("nothing to list: give a home with --home, or configurations with --config")
    return map(_seen, listed.values())


def _seen(secret: Secret) -> Secret:
    try:
        status = secret.file.stat()
    except FileNotFoundError:
        return secret
    except PermissionError:
        return replace(secret, is_closed=True)
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = str(status.st_uid)
    return replace(secret, mode=stat.S_IMODE(status.st_mode), owner=owner)


def _home(directory: Path) -> Iterator[Secret]:
    def secret(name: str, what: str, rotation: str) -> Secret:
        return Secret("home", what, directory / name, rotation)

    for folder in ("", "authority", "identities", "seal", "broker", "broker/data"):
        yield Secret("home", "folder: keeps everybody else out", directory / folder, "", _FOLDER)
    yield secret("authority/agents.key", "signs every agent's certificate", _NEW_HOME)
    yield secret(
        "authority/services.key", "signs the services' certificates; may lie elsewhere meanwhile, in a safe", _NEW_HOME
    )
    yield secret("seal/seal.key", "signs bundles, configurations and the roster", _NEW_HOME)
    yield secret(
        "seal/vault.key",
        "opens the camera passwords of the register",
        "only with a new home, into which the cameras are imported again",
    )
    for name in SERVICES:
        yield secret(f"identities/{name}.key", _is(name), f"wayside-provision service replace {name}")
    for file in _database(directory / "register.sqlite3"):
        yield secret(
            file.name,
            "hashes of one-time codes, camera passwords encrypted to the vault",
            "a code: wayside-provision bundle AGENT; a password: at the camera, then wayside-provision cameras import",
        )
    yield secret(
        "broker/data/mosquitto.db",
        "retained configurations, camera passwords encrypted to each agent",
        "may be removed while the broker is stopped: everything is published again",
    )


def _process(path: Path) -> Iterable[Secret]:
    if path.is_dir():
        return _rendered(path)
    faults: list[str] = []
    try:
        return _edge(path, load(EdgeConfig, path))
    except ConfigError as error:
        faults.append(f"an agent ({error})")
    try:
        return _cluster(path, load(ClusterConfig, path))
    except ConfigError as error:
        faults.append(f"a cluster ({error})")
    try:
        return _center(path, load(CenterConfig, path))
    except ConfigError as error:
        faults.append(f"a centre ({error})")
    raise ConfigError(f"{path}: no folder, and no configuration of {', nor of '.join(faults)}")


def _rendered(folder: Path) -> Iterator[Secret]:
    """Yields the secrets that `cluster render` keeps for all servers, and those it wrote for each."""
    kept, anew = folder / STORE, "remove it, wayside-provision cluster render again, and copy the folders again"
    yield Secret(f"servers ({folder})", "folder: keeps everybody else out", kept, "", _FOLDER)
    for file in sorted(kept.glob("*")):
        if file.suffix != ".pem":
            yield Secret(
                f"servers ({folder})", _KEPT.get(file.name, "private key of a server's certificate"), file, anew
            )
    for manifest in sorted(folder.glob(f"*{MANIFEST}")):
        server = manifest.relative_to(folder).parts[0]
        for planned in json.loads(manifest.read_bytes())["files"]:
            if planned["mode"] == SECRET:
                file = folder / server / planned["path"].lstrip("/")
                yield Secret(f"server {server} ({folder})", "copy for that machine", file, "may go once it is copied")


_KEPT: Final = {
    "ray-token": "Ray's own token: opens its dashboard and lets code run",
    "query-token": "bearer token: asks the archive anything",
    "database-password": "password of the PostgreSQL database",
    "grafana-admin": "password of Grafana's administrator",
}


def _edge(path: Path, config: EdgeConfig) -> Iterator[Secret]:
    holder = f"agent {config.agent_id} ({path})"
    key = config.broker.key_file
    anew = "by itself when a third of its life is left; at once: wayside-edge enrol --again with a new bundle"
    yield Secret(holder, f"private key and certificate: is agent {config.agent_id}", key, anew)
    if (own := config.provisioning) is not None:
        yield Secret(holder, "folder: keeps everybody else out", key.parent, "", _FOLDER)
        yield Secret(
            holder, "private key of a request without an answer", key.parent / PENDING_KEY, "goes with the answer"
        )
        yield Secret(
            holder,
            "opens the camera passwords of this agent",
            own.secrets_key_file,
            "enrol into an empty folder: passwords are then encrypted to its new key",
        )
        yield Secret(holder, "folder: keeps everybody else out", own.documents_dir, "", _FOLDER)
        for file in sorted(own.documents_dir.glob("*.json")):
            yield Secret(holder, "configuration, camera passwords encrypted to this agent", file, _AT_THE_CAMERA)
    for camera in config.cameras:
        if not isinstance(camera.source, AuthenticatedSource):
            continue
        if camera.source.password_file is not None:
            yield Secret(
                holder,
                f"password of camera {camera.id}",
                camera.source.password_file,
                "at the camera, then in this file; it is read at each connection",
            )
        if camera.source.password_sealed is not None:
            yield Secret(holder, f"password of camera {camera.id}, encrypted to this agent", path, _AT_THE_CAMERA)


_AT_THE_CAMERA: Final = "at the camera, then: wayside-provision cameras import"


def _cluster(path: Path, config: ClusterConfig) -> Iterator[Secret]:
    holder = f"cluster ({path})"
    yield _service_key(holder, "cluster", config.broker)
    yield Secret(
        holder,
        "Ray's own token: opens its dashboard and lets code run",
        config.auth_token_file,
        "stop the cluster, remove the file on every machine of it, start: a new one is written",
    )
    yield _query_token(holder, config.query_token_file)


def _center(path: Path, config: CenterConfig) -> Iterator[Secret]:
    holder = f"centre ({path})"
    yield _service_key(holder, "center", config.broker)
    yield _query_token(holder, config.query_token_file)
    yield Secret(holder, "folder: keeps everybody else out", config.data_dir, "", _FOLDER)
    yield Secret(
        holder,
        "one-time set-up code: makes the administrator",
        config.data_dir / SETUP_CODE,
        "goes with the first account; before that: stop the centre, remove the file, start",
    )
    if not config.database_url:
        for file in _database(config.data_dir / CENTER_DATABASE):
            yield Secret(
                holder,
                "hashes of passwords, sessions and API tokens; encrypted second factors",
                file,
                "wayside-center user reset-password NAME, which also ends the sessions; user revoke-token NAME ID",
            )
    yield Secret(
        holder,
        "key that second factors are encrypted with; made at first need",
        config.data_dir / SECOND_FACTOR_KEY,
        "wayside-center user remove-second-factor NAME for each account, remove the file, have them set up anew",
    )
    if config.database_password_file is not None:
        yield Secret(
            holder,
            "password of the PostgreSQL database",
            config.database_password_file,
            "ALTER ROLE … PASSWORD there, write the file, start the centre again",
        )
    if config.oidc is not None and config.oidc.client_secret_file is not None:
        yield Secret(
            holder,
            "the centre's secret at the identity provider",
            config.oidc.client_secret_file,
            "by the provider's administrator; write the file, start the centre again",
        )
    if config.audit_key_file is not None:
        yield Secret(
            holder,
            "private key that signs the audit's heads",
            config.audit_key_file,
            "wayside-center audit new-key, set audit_key_file, start again; keep the old .pub for audit verify --key",
        )
    yield from _notify(holder, config.notify)
    if (evidence := config.evidence) is not None:
        for name, file in (("evidence", evidence.signing_key_file), ("timestamp", evidence.stamp_key_file)):
            yield Secret(holder, f"signs as {name}", file, _replaced(name))
        yield Secret(holder, "folder: exports of evidence", config.data_dir / EVIDENCE_FOLDER, "", _FOLDER)
    if config.tls_key_file is not None:
        yield Secret(
            holder,
            "private key of the console's address",
            config.tls_key_file,
            "by whoever issued the certificate; then start the centre again",
        )


def _notify(holder: str, config: Notify) -> Iterator[Secret]:
    again = "then start the centre again"
    for webhook in config.webhooks:
        yield Secret(holder, f"signs for webhook {webhook.id}", webhook.key_file, f"here and at the receiver, {again}")
    for mail in config.mails:
        if mail.password_file is not None:
            yield Secret(
                holder,
                f"password of {mail.id}'s mail relay",
                mail.password_file,
                f"at the relay, in this file, {again}",
            )
    for sms in config.sms:
        yield Secret(
            holder, f"key of {sms.id}'s SMS account", sms.secret_key_file, f"at the carrier, in this file, {again}"
        )
        if sms.report_secret_file is not None:
            yield Secret(
                holder,
                f"lets delivery reports of {sms.id} in",
                sms.report_secret_file,
                f"in this file, {again}, and tell the carrier the new address",
            )


def _database(file: Path) -> Iterator[Path]:
    """Yields a SQLite file, and the files that it has beside it while in use."""
    yield file
    for part in ("-journal", "-shm", "-wal"):
        beside = file.with_name(f"{file.name}{part}")
        if os.path.exists(beside):  # noqa: PTH110 - Path.exists raises where the folder is closed to this user
            yield beside


def _service_key(holder: str, name: str, broker: Broker) -> Secret:
    return Secret(
        holder,
        _is(name),
        broker.key_file,
        _replaced(name),
    )


def _is(name: str) -> str:
    return f"is {name}, and names the intake's shared group" if name == Role.CLUSTER else f"is {name}"


def _replaced(name: str) -> str:
    return f"wayside-provision service replace {name}, then copy key and certificate"


def _query_token(holder: str, file: Path) -> Secret:
    return Secret(
        holder,
        "bearer token: asks the archive anything",
        file,
        "stop the cluster, remove the file, start: a new one is written; give it to the centre and start that again",
    )


def _facts(secret: Secret) -> dict[str, Any]:
    return {
        "holder": secret.holder,
        "what": secret.what,
        "file": str(secret.file),
        "expected_mode": f"{secret.expected:04o}",
        "mode": None if secret.mode is None else f"{secret.mode:04o}",
        "owner": secret.owner,
        "is_wrong": secret.is_wrong,
        "is_closed": secret.is_closed,
        "rotation": secret.rotation or None,
    }


def _lines(secret: Secret) -> Iterator[str]:
    if secret.mode is None:
        why = "closed to this user; as root more is seen" if secret.is_closed else "not there"
        found = f"{why} (to be {secret.expected:04o})"
    else:
        found = f"{secret.mode:04o} {f'WRONG, to be {secret.expected:04o}' if secret.is_wrong else 'ok'} {secret.owner}"
    yield f"{secret.file}  {found}"
    yield f"    {secret.holder}: {secret.what}"
    if secret.rotation:
        yield f"    rotate: {secret.rotation}"
