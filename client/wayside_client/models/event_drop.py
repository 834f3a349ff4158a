from wayside_client.open_enum import OpenEnum


class EventDrop(OpenEnum):
    EXPIRED = "expired"
    KEPT_EXPIRED = "kept_expired"
    KEPT_FULL = "kept_full"
    OUTBOX_FULL = "outbox_full"
    REFUSED = "refused"
    REMOVED = "removed"
