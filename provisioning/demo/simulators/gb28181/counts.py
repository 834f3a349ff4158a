"""Counts the events of a fleet of simulated devices."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """Sums over all devices since the start."""

    registrations: int = 0
    """Devices that went from unknown to registered; a device that returns counts again."""
    refreshes: int = 0
    challenges: int = 0
    refusals: int = 0
    """Answers that end an attempt to register: 401 to a digest, 403 and every other failure."""
    registers_unanswered: int = 0
    unregistrations: int = 0
    keepalives_sent: int = 0
    keepalives_answered: int = 0
    keepalives_refused: int = 0
    keepalives_lost: int = 0
    """Unanswered after every repetition."""
    repeats: int = 0
    """Requests sent again because no answer came in time (UDP)."""
    queries: int = 0
    controls: int = 0
    answers_sent: int = 0
    """MESSAGEs with a Response, one for each part."""
    notices: int = 0
    """Alarms, positions and catalog changes, by MESSAGE or NOTIFY."""
    notices_withheld: int = 0
    subscriptions: int = 0
    requests_unanswered: int = 0
    """Requests other than REGISTER and keepalive."""
    requests_refused: int = 0
    invites: int = 0
    invites_refused: int = 0
    byes: int = 0
    byes_sent: int = 0
    pictures: int = 0
    keyframes: int = 0
    pictures_hurt: int = 0
    """Pictures of which a packet was dropped on purpose."""
    keyframes_hurt: int = 0
    media_packets: int = 0
    """Packets that went out, duplicates included."""
    media_bytes: int = 0
    packets_dropped: int = 0
    """Packets that were dropped on purpose."""
    media_failed: int = 0
    """Sessions whose connection could not be made or broke."""
    spans_ended: int = 0
    """Playbacks and downloads that were sent to their end."""
    uploads: int = 0
    """Snapshots that the platform took."""
    uploads_refused: int = 0
    unreadable: int = 0
    """Datagrams or connections without SIP."""
    connections_lost: int = 0
    unsent: int = 0
    """Datagrams that the kernel did not take."""

    def as_dict(self) -> dict[str, int]:
        """Returns all counts by name."""
        return asdict(self)
