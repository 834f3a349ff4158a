from wayside_client.open_enum import OpenEnum


class AlarmEvent(OpenEnum):
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    COMMENTED = "commented"
    ESCALATED = "escalated"
    RAISED = "raised"
