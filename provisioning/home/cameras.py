"""Cameras of each agent, and the signed documents for it. Stored in the register's file."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from sqlite3 import Connection

from provisioning.contracts.fleet.documents import MAX_CAMERAS
from provisioning.errors import RegisterError
from provisioning.home.database import RegisterFile


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """A camera of an agent. The password is encrypted to the vault's key.

    `url`: of RTSP, of a picture (HTTP), or a `DeviceChannel`.
    """

    agent_id: str
    id: str
    name: str
    url: str
    username: str | None
    password_sealed: str | None = field(repr=False)
    latitude: float | None
    longitude: float | None
    bearing_deg: float | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A signed document. `basis` is a digest of its sources: the same basis needs no new document."""

    addressee: str
    number: int
    basis: str
    sealed: str
    issued_at_ms: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it has a number: the digest of its sources, and the function that seals it under a number."""

    basis: str
    seal: Callable[[int], str]


class Plans:
    """Cameras, documents, and agents' reports. Every method is one transaction and may raise RegisterError."""

    def __init__(self, file: RegisterFile, now_ms: Callable[[], int]) -> None:
        self._file = file
        self._now_ms = now_ms

    def put_cameras(self, agent_id: str, cameras: list[CameraRecord], *, replace: bool) -> None:
        """Adds or changes cameras of an agent; with `replace`, it has no others afterwards.

        Raises:
            RegisterError: one of them belongs to another agent, or there would be too many for one document.
        """
        with self._file.writing() as db:
            if replace:
                db.execute("DELETE FROM camera WHERE agent_id = ?", (agent_id,))
            for camera in cameras:
                owner = db.execute(
                    "SELECT agent_id FROM camera WHERE id = ? AND agent_id != ?", (camera.id, agent_id)
                ).fetchone()
                if owner is not None:
                    raise RegisterError(
                        f"camera {camera.id} belongs to agent {owner[0]}: give it another id, or remove it there:"
                        f" wayside-provision cameras remove {owner[0]} {camera.id}"
                    )
            db.executemany(
                "INSERT OR REPLACE INTO camera VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(agent_id, *astuple(camera)[1:]) for camera in cameras],
            )
            (count,) = db.execute("SELECT count(*) FROM camera WHERE agent_id = ?", (agent_id,)).fetchone()
            if count > MAX_CAMERAS:
                raise RegisterError(
                    f"agent {agent_id} would have {count} cameras, and one agent has {MAX_CAMERAS} at most: divide them"
                )

    def remove_camera(self, agent_id: str, camera_id: str) -> bool:
        """Removes a camera of an agent; False if it has no such camera."""
        with self._file.writing() as db:
            done = db.execute("DELETE FROM camera WHERE agent_id = ? AND id = ?", (agent_id, camera_id))
            return done.rowcount > 0

    def owners(self) -> dict[str, str]:
        """Returns the agent of each camera, by camera id."""
        with self._file.reading() as db:
            return dict(db.execute("SELECT id, agent_id FROM camera"))

    def cameras(self, agent_id: str) -> list[CameraRecord]:
        """Returns the cameras of an agent, by id."""
        with self._file.reading() as db:
            return [
                CameraRecord(*row)
                for row in db.execute("SELECT * FROM camera WHERE agent_id = ? ORDER BY id", (agent_id,))
            ]

    def put_document(
        self, addressee: str, draft: Callable[[], Draft | None], *, above: int = 0, again: bool = False
    ) -> StoredDocument | None:
        """Makes the next document for an addressee, unless its newest has the same basis: then None.

        `draft` is called while no other process can write, so that no process makes a newer document from older facts.
        The number is larger than `above` as well; `again` makes one of the same basis.
        """
        with self._file.writing() as db:
            newest, drafted = self._newest(db, addressee), draft()
            if drafted is None or (newest is not None and newest.basis == drafted.basis and not again):
                return None
            number = max(above, 0 if newest is None else newest.number) + 1
            made = StoredDocument(addressee, number, drafted.basis, drafted.seal(number), self._now_ms())
            db.execute(
                "INSERT INTO document VALUES (?, ?, ?, ?, ?)",
                (made.addressee, made.number, made.basis, made.sealed, made.issued_at_ms),
            )
            return made

    def newest_document(self, addressee: str) -> StoredDocument | None:
        """Returns the newest document for an addressee."""
        with self._file.reading() as db:
            return self._newest(db, addressee)

    def newest_documents(self) -> list[StoredDocument]:
        """Returns the newest document of every addressee."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT document.* FROM document JOIN (SELECT addressee, MAX(number) AS number FROM document"
                " GROUP BY addressee) USING (addressee, number) ORDER BY addressee"
            )
            return [StoredDocument(*row) for row in rows]

    def put_configured(self, agent_id: str, message: str) -> None:
        """Stores an agent's newest report (JSON of `documents.Configured`) on its configuration."""
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO configured VALUES (?, ?, ?)", (agent_id, message, self._now_ms()))

    def configured(self, agent_id: str) -> str | None:
        """Returns the report that `put_configured` stored, or None."""
        with self._file.reading() as db:
            row = db.execute("SELECT message FROM configured WHERE agent_id = ?", (agent_id,)).fetchone()
            return None if row is None else str(row[0])

    @staticmethod
    def _newest(db: Connection, addressee: str) -> StoredDocument | None:
        row = db.execute(
            "SELECT * FROM document WHERE addressee = ? ORDER BY number DESC LIMIT 1", (addressee,)
        ).fetchone()
        return None if row is None else StoredDocument(*row)
