"""Imports an agent's recorders from a file, and makes the signed document with them."""

from pathlib import Path

from provisioning.camera_list.importing import deliver
from provisioning.contracts.config.processes import Section, load, read_secret
from provisioning.contracts.config.recorder import Recorder, Recorders, check_recorders
from provisioning.contracts.errors import ConfigError
from provisioning.home.home import Home
from provisioning.home.recorders import RecorderRecord
from provisioning.output import CommandResult
from provisioning.signing.documents import encrypt_password


class RecorderFile(Section):
    """File of `wayside-provision recorders import`: `[[recorders]]` as in an agent's own file."""

    recorders: Recorders = ()


def import_recorders(home: Home, agent_id: str, file: Path) -> CommandResult:
    """Gives an agent the recorders of a file, and no others. Passwords are read from their files and encrypted.

    Raises:
        ConfigError: the file or a password's file is of no use; the key is named.
        RegisterError: no such agent.
        SealError: a stored password is not encrypted to this home's vault.
    """
    home.register.agent(agent_id)
    recorders = load(RecorderFile, file, remedy="give the file with the recorders").recorders
    try:
        check_recorders(recorders, ())
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    known = {record.id: record for record in home.recorders.of(agent_id)}
    records = sorted(
        (_record(home, agent_id, each, known.get(each.id)) for each in recorders), key=lambda each: each.id
    )
    changed = records != list(known.values())
    if changed:
        home.recorders.replace(agent_id, records)
    configuration, delivery = deliver(home, agent_id)
    names = [record.id for record in records]
    facts = {"changed": changed, "agent": agent_id, "recorders": names, "configuration": configuration}
    return CommandResult(facts, [f"agent {agent_id}: recorders {', '.join(names) or 'none'}", delivery])


def _record(home: Home, agent_id: str, recorder: Recorder, known: RecorderRecord | None) -> RecorderRecord:
    """Makes a record. An unchanged password keeps its ciphertext, or each import would make another document."""
    if recorder.password_sealed is not None:
        raise ConfigError(f"recorder {recorder.id}: give the password as password_file; it is sealed here")
    if recorder.password_file is None:
        return RecorderRecord.of(agent_id, recorder, None)
    password, name = read_secret(recorder.password_file), recorder.secret_name
    sealed = None if known is None else known.password_sealed
    if sealed is None or home.vault.decrypt(sealed, agent_id=agent_id, camera_id=name) != password:
        sealed = encrypt_password(password, home.vault.public, agent_id=agent_id, camera_id=name)
    return RecorderRecord.of(agent_id, recorder, sealed)
