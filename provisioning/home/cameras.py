"""What each agent is to do: its cameras, and the signed documents that tell it so. Kept in the register's file."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from sqlite3 import Connection

from provisioning.contracts.fleet.documents import MAX_CAMERAS
from provisioning.errors import RegisterError
from provisioning.home.database import RegisterFile


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """A camera of an agent. The password is encrypted to the vault's key. `url`: of RTSP, or a `DeviceChannel`."""

    agent_id: str
    id: str
    name: str
    url: str
    username: str | None
    password_sealed: str | None = field(repr=False)
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A signed document. `basis` is a digest of what it was made from: the same basis needs no new document."""

    addressee: str
    number: int
    basis: str
    sealed: str
    issued_at_ms: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A document to be: what it is made from, and how its number makes it a sealed text."""

    basis: str
    seal: Callable[[int], str]


class Plans:
    """Cameras, documents, and what agents answered. Every method is one transaction and may raise RegisterError."""

    def __init__(self, file: RegisterFile, now_ms: Callable[[], int]) -> None:
        self._file = file
        self._now_ms = now_ms

    def put_cameras(self, agent_id: str, cameras: list[CameraRecord], *, replace: bool) -> None:
        """Add or change cameras of an agent; with `replace`, it has no others afterwards.

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
                "INSERT OR REPLACE INTO camera VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(agent_id, *astuple(camera)[1:]) for camera in cameras],
            )
            (count,) = db.execute("SELECT count(*) FROM camera WHERE agent_id = ?", (agent_id,)).fetchone()
            if count > MAX_CAMERAS:
                raise RegisterError(
                    f"agent {agent_id} would have {count} cameras, and one agent has {MAX_CAMERAS} at most: divide them"
                )

    def remove_camera(self, agent_id: str, camera_id: str) -> bool:
        """Take a camera from an agent; False when it has no such camera."""
        with self._file.writing() as db:
            done = db.execute("DELETE FROM camera WHERE agent_id = ? AND id = ?", (agent_id, camera_id))
            return done.rowcount > 0

    def owners(self) -> dict[str, str]:
        """Which agent each camera belongs to."""
        with self._file.reading() as db:
            return dict(db.execute("SELECT id, agent_id FROM camera"))

    def cameras(self, agent_id: str) -> list[CameraRecord]:
        """The cameras of an agent, by id."""
        with self._file.reading() as db:
            return [
                CameraRecord(*row)
                for row in db.execute("SELECT * FROM camera WHERE agent_id = ? ORDER BY id", (agent_id,))
            ]

    def put_document(
        self, addressee: str, draft: Callable[[], Draft | None], *, above: int = 0, again: bool = False
    ) -> StoredDocument | None:
        """Make the next document for an addressee, unless its newest was made from the same basis: then None.

        `draft` is called while nobody else can write, so that no process makes a newer document from older facts. The
        number is larger than `above` as well; `again` makes one of the same basis.
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
        """The newest document for an addressee."""
        with self._file.reading() as db:
            return self._newest(db, addressee)

    def newest_documents(self) -> list[StoredDocument]:
        """The newest document of every addressee."""
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT document.* FROM document JOIN (SELECT addressee, MAX(number) AS number FROM document"
                " GROUP BY addressee) USING (addressee, number) ORDER BY addressee"
            )
            return [StoredDocument(*row) for row in rows]

    def put_configured(self, agent_id: str, message: str) -> None:
        """Keep an agent's newest word (JSON of `documents.Configured`) on its configuration."""
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO configured VALUES (?, ?, ?)", (agent_id, message, self._now_ms()))

    def configured(self, agent_id: str) -> str | None:
        """See `put_configured`."""
        with self._file.reading() as db:
            row = db.execute("SELECT message FROM configured WHERE agent_id = ?", (agent_id,)).fetchone()
            return None if row is None else str(row[0])

    @staticmethod
    def _newest(db: Connection, addressee: str) -> StoredDocument | None:
        row = db.execute(
            "SELECT * FROM document WHERE addressee = ? ORDER BY number DESC LIMIT 1", (addressee,)
        ).fetchone()
        return None if row is None else StoredDocument(*row)
