"""What a spool is, without disk, thread or SQLite: a dict of states, a dict of payloads and a count of events."""

from collections import Counter
from dataclasses import dataclass, field

from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import ArchivedItem, Ledger, PictureState


@dataclass
class SpoolModel:
    """The states that an observation can be in, and how often each event happened."""

    max_bytes: int
    state: dict[str, str] = field(default_factory=dict)
    camera: dict[str, str] = field(default_factory=dict)
    held: dict[str, bytes] = field(default_factory=dict)
    """In the order of their coming."""
    spooled_at_s: dict[str, float] = field(default_factory=dict)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> "SpoolModel":
        return SpoolModel(
            self.max_bytes,
            dict(self.state),
            dict(self.camera),
            dict(self.held),
            dict(self.spooled_at_s),
            Counter(self.events),
        )

    def is_new(self, observation_id: str) -> bool:
        return self.state.get(observation_id) in {None, "dropped:interrupted"}

    def select(self, observation_id: str, camera_id: str) -> None:
        self.events[camera_id, "selected"] += 1
        if self.is_new(observation_id):
            self.state[observation_id] = "selected"
            self.camera[observation_id] = camera_id
        else:
            self.events[camera_id, "dropped:duplicate"] += 1

    def turn_away(self, camera_id: str) -> None:
        """The disk had no room even to select it."""
        self.events[camera_id, "selected"] += 1
        self.events[camera_id, "dropped:disk_full"] += 1

    def append(self, observation_id: str, payload: bytes, at_s: float) -> None:
        while self.held_bytes + len(payload) > self.max_bytes:
            self.end(next(iter(self.held)), "dropped:spool_full")
        self._move(observation_id, "spooled")
        self.held[observation_id] = payload
        self.spooled_at_s[observation_id] = at_s

    def end(self, observation_id: str, to: str) -> None:
        self.held.pop(observation_id, None)
        self._move(observation_id, to)

    def expire(self, before_s: float) -> int:
        gone = [each for each in self.held if self.spooled_at_s[each] < before_s]
        for observation_id in gone:
            self.end(observation_id, "dropped:spool_expired")
        return len(gone)

    def crash(self) -> int:
        """What was selected lay in memory. Returns how many."""
        lost = [each for each, state in self.state.items() if state == "selected"]
        for observation_id in lost:
            self.end(observation_id, "dropped:interrupted")
        return len(lost)

    @property
    def held_bytes(self) -> int:
        return sum(map(len, self.held.values()))

    def item(self, observation_id: str, payload: bytes | None = None) -> ArchivedItem:
        """The acknowledgement of what is held, or of another message about the same observation."""
        digest = codec.message_sha256(self.held[observation_id] if payload is None else payload)
        return ArchivedItem(observation_id=observation_id, message_sha256=digest, picture=PictureState.KEPT)

    def ledgers(self) -> dict[str, Ledger]:
        """Of every camera that ever selected."""
        return {camera_id: self._ledger(camera_id) for camera_id in sorted({who for who, _ in self.events})}

    def _ledger(self, camera_id: str) -> Ledger:
        counts = {name: n for (who, name), n in self.events.items() if who == camera_id}
        return Ledger(
            selected=counts.get("selected", 0),
            spooled=counts.get("spooled", 0),
            archived=counts.get("archived", 0),
            rejected=counts.get("rejected", 0),
            dropped={
                name.removeprefix("dropped:"): n for name, n in sorted(counts.items()) if name.startswith("dropped:")
            },
            in_flight=sum(
                state in {"selected", "spooled"} and self.camera[each] == camera_id
                for each, state in self.state.items()
            ),
        )

    def _move(self, observation_id: str, to: str) -> None:
        self.state[observation_id] = to
        self.events[self.camera[observation_id], to] += 1
