from wayside_client.open_enum import OpenEnum


class CaseState(OpenEnum):
    APPROVED = "approved"
    CLOSED = "closed"
    DRAFT = "draft"
    EXPIRED = "expired"
    REQUESTED = "requested"
