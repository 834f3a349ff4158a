"""Imports an agent's cameras from a technician's list, and makes the signed document with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from provisioning.camera_list import reader
from provisioning.camera_list.reader import CameraRow, LineNote
from provisioning.camera_list.rtsp_address import PICTURE, RTSP
from provisioning.contracts.fleet.documents import Membership
from provisioning.home import documents
from provisioning.home.cameras import CameraRecord
from provisioning.home.device_channel import DeviceChannel
from provisioning.home.home import Home
from provisioning.output import CommandResult, table
from provisioning.signing.documents import encrypt_password


@dataclass(frozen=True, slots=True)
class _Change:
    """Changes that a list makes to an agent, by camera id."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]
    removed: list[str]

    @property
    def is_any(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def import_cameras(home: Home, agent_id: str, file: Path, *, replace: bool, dry_run: bool) -> CommandResult:
    """Imports the sound lines of a list as cameras of an agent, with notes on them, and reports the others' faults.

    With `replace` the agent has no other cameras afterwards, unless a line has a fault: then none is removed, since
    that line may mean one of them. Exit code 1: some lines have faults.

    Raises:
        CameraListError: the file is of no use.
        RegisterError: no such agent, or too many cameras for it.
        SealError: a stored password is not encrypted to this home's vault.
    """
    agent = home.register.agent(agent_id)
    site = home.register.site(agent.site_id)
    near = None if site.latitude is None or site.longitude is None else (site.latitude, site.longitude)
    read = reader.read(file, near=near)
    rows, taken = _ours(home, agent_id, read.rows)
    known = {camera.id: camera for camera in home.plans.cameras(agent_id)}
    if not replace:
        rows, unlike = _agreeing(home, rows, known)
        taken += unlike
    faults = sorted((*read.faults, *taken), key=lambda fault: fault.line)
    imported = {row.line for row in rows}
    notes = [note for note in read.notes if note.line in imported]
    is_replaced = replace and not faults
    records = [_record(home, agent_id, row, known.get(row.id)) for row in rows]
    change = _change(known, records, replace=is_replaced)
    if change.is_any and not dry_run:
        home.plans.put_cameras(agent_id, records, replace=is_replaced)
    facts = {
        "changed": change.is_any and not dry_run,
        "agent": agent_id,
        "dry_run": dry_run,
        "encoding": read.encoding,
        "added": change.added,
        "changed_cameras": change.changed,
        "unchanged": change.unchanged,
        "removed": change.removed,
        "faults": _facts(faults),
        "notes": _facts(notes),
    }
    shown = [f"{file}: {each}" for each in (*faults, *notes)]
    if replace and faults:
        shown.append("no camera was removed: correct these lines first")
    counts = ((change.added, "added"), (change.changed, "changed"), (change.removed, "removed"))
    counted = ", ".join(f"{len(each)} {what}" for each, what in (*counts, (change.unchanged, "as they were")))
    shown.append(f"agent {agent_id}: {'would be ' if dry_run else ''}{counted}")
    if not dry_run:
        configuration, delivery = deliver(home, agent_id)
        facts["configuration"] = configuration
        shown.append(delivery)
    return CommandResult(facts, shown, 1 if faults else 0)


def remove(home: Home, agent_id: str, camera_id: str) -> CommandResult:
    """Removes a camera from an agent.

    Raises:
        RegisterError: no such agent.
        SealError: see `import_cameras`.
    """
    home.register.agent(agent_id)
    changed = home.plans.remove_camera(agent_id, camera_id)
    left = [camera.id for camera in home.plans.cameras(agent_id)]
    configuration, delivery = deliver(home, agent_id)
    facts = {
        "changed": changed,
        "agent": agent_id,
        "camera": camera_id,
        "cameras": left,
        "configuration": configuration,
    }
    if not changed:
        has = ", ".join(left) or "none"
        return CommandResult(facts, [f"agent {agent_id} has no camera {camera_id}; it has: {has}; nothing was changed"])
    return CommandResult(facts, [f"camera {camera_id} is no longer one of agent {agent_id}", delivery])


def send(home: Home, agent_id: str) -> CommandResult:
    """Issues an agent's configuration under a new number, though nothing in it has changed.

    Raises:
        RegisterError: no such agent.
        SealError: see `import_cameras`.
    """
    agent = home.register.agent(agent_id)
    made = documents.configuration(home, agent_id, again=True)
    facts = {"changed": made is not None, "agent": agent_id, "configuration": None if made is None else made.number}
    if made is None:
        return CommandResult(
            facts, [f"agent {agent_id} is {agent.membership} or never had a camera: there is nothing to send"]
        )
    return CommandResult(facts, [f"configuration {made.number} is ready; the running service delivers it"])


def listing(home: Home, agent_id: str) -> CommandResult:
    """Lists the cameras of an agent; tells that one has a password, and never which.

    An address is shortened to host and port: a path may hold a vendor's token. A registering device is shown by its own
    and its channel's id.

    Raises:
        RegisterError: no such agent.
    """
    home.register.agent(agent_id)
    cameras = [
        {
            "id": camera.id,
            "name": camera.name,
            "address": _address(camera.url),
            "username": camera.username,
            "password": camera.password_sealed is not None,
            "latitude": camera.latitude,
            "longitude": camera.longitude,
            "bearing_deg": camera.bearing_deg,
        }
        for camera in home.plans.cameras(agent_id)
    ]
    titles = ("camera", "name", "address", "user", "password", "latitude", "longitude", "bearing")
    rows = [list((each | {"password": "yes" if each["password"] else "no"}).values()) for each in cameras]
    return CommandResult({"agent": agent_id, "cameras": cameras}, [table(titles, rows)])


_PORTS: Final = RTSP.ports | PICTURE.ports


def _address(url: str) -> str:
    if (channel := DeviceChannel.read(url)) is not None:
        return f"{channel.device_id}/{channel.channel_id}"
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or _PORTS[parts.scheme]}"


def _facts(notes: Sequence[LineNote]) -> list[dict[str, object]]:
    return [{"line": each.line, "column": each.column, "text": each.text} for each in notes]


def _ours(home: Home, agent_id: str, rows: Sequence[CameraRow]) -> tuple[list[CameraRow], list[LineNote]]:
    """Returns the rows that this agent may have, and a fault for each camera of another agent."""
    others = {camera: owner for camera, owner in home.plans.owners().items() if owner != agent_id}
    faults = [
        LineNote(
            row.line,
            "id",
            f"camera {row.id} belongs to agent {others[row.id]}: give it another id, or remove it there:"
            f" wayside-provision cameras remove {others[row.id]} {row.id}",
        )
        for row in rows
        if row.id in others
    ]
    return [row for row in rows if row.id not in others], faults


def _agreeing(
    home: Home, rows: Sequence[CameraRow], known: Mapping[str, CameraRecord]
) -> tuple[list[CameraRow], list[LineNote]]:
    """Returns the rows that agree with the cameras that stay, and a fault for each other: a device registers once."""
    listed = {row.id for row in rows}
    staying: dict[str, list[tuple[DeviceChannel, CameraRecord]]] = {}
    for camera in known.values():
        if camera.id not in listed and (channel := DeviceChannel.read(camera.url)) is not None:
            staying.setdefault(channel.device_id, []).append((channel, camera))
    agreeing, faults = [], []
    for row in rows:
        channel = DeviceChannel.read(row.url)
        others = [] if channel is None else staying.get(channel.device_id, [])
        found = next((fault for its, other in others if (fault := _unlike(home, row, channel == its, other))), None)
        if found is None:
            agreeing.append(row)
        else:
            faults.append(found)
    return agreeing, faults


def _unlike(home: Home, row: CameraRow, is_same_channel: bool, other: CameraRecord) -> LineNote | None:
    """Returns the fault of a row that conflicts with another camera of its device."""
    if is_same_channel:
        return LineNote(row.line, "channel_id", f"camera {other.id} is this channel of this device: remove it first")
    sealed = other.password_sealed
    password = None if sealed is None else home.vault.decrypt(sealed, agent_id=other.agent_id, camera_id=other.id)
    for name, its, this in (("username", other.username, row.username), ("password", password, row.password)):
        if its != this:
            return LineNote(
                row.line,
                name,
                f"camera {other.id} is of the same device and has another {name}: a device has one; list both cameras",
            )
    return None


def _record(home: Home, agent_id: str, row: CameraRow, known: CameraRecord | None) -> CameraRecord:
    """Makes a record. An unchanged password keeps its ciphertext, or each import would make another document."""
    sealed = None if known is None else known.password_sealed
    if row.password is None:
        sealed = None
    elif sealed is None or home.vault.decrypt(sealed, agent_id=agent_id, camera_id=row.id) != row.password:
        sealed = encrypt_password(row.password, home.vault.public, agent_id=agent_id, camera_id=row.id)
    place = row.latitude, row.longitude, row.bearing_deg
    return CameraRecord(agent_id, row.id, row.name, row.url, row.username, sealed, *place)


def _change(known: Mapping[str, CameraRecord], records: Sequence[CameraRecord], *, replace: bool) -> _Change:
    listed = {record.id for record in records}
    return _Change(
        added=[record.id for record in records if record.id not in known],
        changed=[record.id for record in records if record.id in known and known[record.id] != record],
        unchanged=[record.id for record in records if known.get(record.id) == record],
        removed=[each for each in known if each not in listed] if replace else [],
    )


def deliver(home: Home, agent_id: str) -> tuple[dict[str, object], str]:
    """Makes an agent's document if it is due. Returns its state: for programs, and for people."""
    made = documents.configuration(home, agent_id) is not None
    newest = home.plans.newest_document(agent_id)
    number = None if newest is None else newest.number
    facts: dict[str, object] = {"newest": number, "made": made}
    membership = home.register.agent(agent_id).membership
    if membership is not Membership.ENROLLED:
        return facts, f"the configuration waits until the agent has enrolled: it is {membership}"
    if made:
        return facts, f"configuration {number} is ready; the running service delivers it"
    return facts, "there is no configuration yet" if number is None else f"configuration {number} says so already"
