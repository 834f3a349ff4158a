from wayside_client.open_enum import OpenEnum


class AlarmState(OpenEnum):
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    ESCALATED = "escalated"
    OPEN = "open"
