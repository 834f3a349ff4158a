"""Recorders of each agent, as its next configuration has them. Stored in the register's file."""

import json
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter

from provisioning.contracts.config.recorder import Recorder
from provisioning.home.database import RegisterFile

_READ: Final[TypeAdapter[Recorder]] = TypeAdapter(Recorder)


@dataclass(frozen=True, slots=True)
class RecorderRecord:
    """A recorder of an agent. The password is encrypted to the vault's key."""

    agent_id: str
    id: str
    settings: str
    """JSON of the configuration without the password."""
    password_sealed: str | None = field(repr=False)

    @property
    def secret_name(self) -> str:
        return f"recorder/{self.id}"

    @classmethod
    def of(cls, agent_id: str, recorder: Recorder, password_sealed: str | None) -> "RecorderRecord":
        settings = recorder.model_dump(mode="json", exclude={"password_file", "password_sealed"}, exclude_unset=True)
        settings["kind"] = recorder.kind
        return cls(agent_id, recorder.id, json.dumps(settings, sort_keys=True), password_sealed)

    def recorder(self, password_sealed: str | None) -> Recorder:
        """Returns the configuration with a password that is encrypted to the agent."""
        return _READ.validate_python({**json.loads(self.settings), "password_sealed": password_sealed})


class RecorderBook:
    """Reads and writes recorders. Every method is one transaction and may raise RegisterError."""

    def __init__(self, file: RegisterFile) -> None:
        self._file = file

    def replace(self, agent_id: str, records: list[RecorderRecord]) -> None:
        """Gives an agent these recorders, and no others."""
        with self._file.writing() as db:
            db.execute("DELETE FROM recorder WHERE agent_id = ?", (agent_id,))
            db.executemany(
                "INSERT INTO recorder VALUES (?, ?, ?, ?)",
                [(each.agent_id, each.id, each.settings, each.password_sealed) for each in records],
            )

    def of(self, agent_id: str) -> list[RecorderRecord]:
        """Returns the recorders of an agent, by id."""
        with self._file.reading() as db:
            rows = db.execute("SELECT * FROM recorder WHERE agent_id = ? ORDER BY id", (agent_id,))
            return [RecorderRecord(*row) for row in rows]
