"""Makes signed documents from the register: each agent's configuration, and the roster for the centre.

Nothing is signed twice: a document is made again only when its sources have changed.
"""

from collections.abc import Callable
from dataclasses import astuple
from hashlib import sha256

from provisioning.contracts.config.processes import Camera, Gb28181Source, Recorder, RtspSource, SnapshotSource
from provisioning.contracts.fleet.documents import CENTER, Configuration, Configured, Document, Roster, RosterEntry
from provisioning.contracts.fleet.rollout import RolloutReport, SoftwareOrder
from provisioning.contracts.wire import codec
from provisioning.home import fleet_settings
from provisioning.home.agents import Agent
from provisioning.home.cameras import CameraRecord, Draft, StoredDocument
from provisioning.home.device_channel import DeviceChannel
from provisioning.home.home import Home
from provisioning.home.recorders import RecorderRecord
from provisioning.signing.documents import SealError, encrypt_password


def bring_up_to_date(home: Home) -> list[StoredDocument]:
    """Makes all documents that are due, for every agent and the centre. Returns the new ones.

    Raises:
        SealError: a camera's password cannot be encrypted from this home's vault to an agent's key. Every other
            document was made all the same: a faulty agent affects only itself.
        RegisterError: the register cannot be used.
    """
    with home.register.one_snapshot():
        due = [each.id for each in home.register.agents() if _is_due(home, each.id, _configuration(home, each.id))]
    made, faults = [], []
    for agent_id in due:
        try:
            made.append(configuration(home, agent_id))
        except SealError as error:
            faults.append(str(error))
    made.append(roster(home))
    if faults:
        raise SealError("; ".join(faults))
    return [document for document in made if document is not None]


def configuration(home: Home, agent_id: str, *, again: bool = False) -> StoredDocument | None:
    """Makes an agent's next configuration; None if nothing changed, or no box has enrolled to encrypt it for.

    With `again` an unchanged one gets a new number, above any that the agent has named: a home that was restored from a
    backup may be behind.

    Raises:
        SealError, RegisterError: see `bring_up_to_date`.
    """
    if again:
        stored = home.plans.configured(agent_id)
        named = None if stored is None else codec.decode(Configured, stored.encode())
        above = 0 if named is None else max(named.number or 0, named.active or 0)
        return home.plans.put_document(agent_id, lambda: _configuration(home, agent_id), above=above, again=True)
    return _make(home, agent_id, lambda: _configuration(home, agent_id))


def roster(home: Home) -> StoredDocument | None:
    """Makes the next roster; None if no agent came, went or was revoked.

    Raises:
        RegisterError: see `bring_up_to_date`.
    """
    # Numbered by the clock, in seconds: one of a home that was restored from a backup is still newer.
    return _make(home, CENTER, lambda: _roster(home), above=home.now_ms() // 1000)


def _configuration(home: Home, agent_id: str) -> Draft | None:
    agent, cameras = home.register.agent(agent_id), home.plans.cameras(agent_id)
    recorders = home.recorders.of(agent_id)
    with home.rollouts.reading() as page:
        key, text = agent.secrets_key, page.setting(agent_id)
    if key is None or agent.revoked_at_ms is not None:
        return None
    if not cameras and not recorders and text is None and home.plans.newest_document(agent_id) is None:
        return None

    def seal(number: int) -> str:
        settings = fleet_settings.parse(text)
        shaped = (lambda camera: camera) if text is None else settings.under
        body = Configuration(
            cameras=tuple(shaped(_camera(home, key, camera)) for camera in cameras),
            redactor=settings.redactor,
            window=settings.window,
            heartbeat_s=settings.heartbeat_s,
            recorders=tuple(_recorder(home, key, record) for record in recorders),
        )
        return seal_for(home, agent_id, number, body)

    # Encryption differs at each run, so the basis is what is encrypted from: the vault's text, and the agent's key.
    parts = [key, *map(_basis, cameras), *map(repr, map(astuple, recorders)), *([] if text is None else [text])]
    return Draft(sha256("\n".join(parts).encode()).hexdigest(), seal)


def is_due(home: Home, agent_id: str) -> bool:
    """True if an agent's newest configuration differs from the register.

    Raises:
        RegisterError: see `bring_up_to_date`.
    """
    return _is_due(home, agent_id, _configuration(home, agent_id))


def _roster(home: Home) -> Draft:
    with home.register.one_snapshot():
        body = Roster(agents=tuple(_entry(home, agent) for agent in home.register.agents()))
    basis = sha256(body.model_dump_json().encode()).hexdigest()
    return Draft(basis, lambda number: seal_for(home, CENTER, number, body))


def _make(home: Home, addressee: str, draft: Callable[[], Draft | None], *, above: int = 0) -> StoredDocument | None:
    """Makes a document if it is due; if nothing has changed, which is usual, no writer is kept out to see that."""
    return home.plans.put_document(addressee, draft, above=above) if _is_due(home, addressee, draft()) else None


def _is_due(home: Home, addressee: str, drafted: Draft | None) -> bool:
    newest = home.plans.newest_document(addressee)
    return drafted is not None and (newest is None or newest.basis != drafted.basis)


def seal_for(
    home: Home, addressee: str, number: int, body: Configuration | Roster | SoftwareOrder | RolloutReport
) -> str:
    """Returns a signed document as text."""
    document = Document(addressee=addressee, number=number, issued_at_ms=home.now_ms(), body=body)
    return home.seal_key.sign(document).model_dump_json()


def _basis(camera: CameraRecord) -> str:
    *known, bearing_deg = astuple(camera)[1:]  # without the agent
    # A register of before this column makes no document anew.
    return repr(tuple(known)) if bearing_deg is None else repr((*known, bearing_deg))


def _camera(home: Home, key: str, record: CameraRecord) -> Camera:
    sealed = None
    if record.password_sealed is not None:
        password = home.vault.decrypt(record.password_sealed, agent_id=record.agent_id, camera_id=record.id)
        sealed = encrypt_password(password, key, agent_id=record.agent_id, camera_id=record.id)
    channel = DeviceChannel.read(record.url)
    source: RtspSource | SnapshotSource | Gb28181Source
    if record.url.startswith("http"):
        source = SnapshotSource(url=record.url, username=record.username, password_sealed=sealed)
    elif channel is None:
        source = RtspSource(url=record.url, username=record.username, password_sealed=sealed)
    else:
        source = Gb28181Source(
            device_id=channel.device_id,
            channel_id=channel.channel_id,
            username=record.username,
            password_sealed=sealed,
        )
    return Camera(
        id=record.id,
        name=record.name,
        source=source,
        latitude=record.latitude,
        longitude=record.longitude,
        bearing_deg=record.bearing_deg,
    )


def _recorder(home: Home, key: str, record: RecorderRecord) -> Recorder:
    sealed = record.password_sealed
    if sealed is not None:
        of = {"agent_id": record.agent_id, "camera_id": record.secret_name}
        sealed = encrypt_password(home.vault.decrypt(sealed, **of), key, **of)
    return record.recorder(sealed)


def _entry(home: Home, agent: Agent) -> RosterEntry:
    ends = [each.ends_at_ms for each in home.register.certificates(agent.id) if each.revoked_at_ms is None]
    return RosterEntry(
        agent_id=agent.id,
        site_id=agent.site_id,
        membership=agent.membership,
        since_ms=agent.since_ms,
        certificate_ends_ms=max(ends, default=None),
    )
