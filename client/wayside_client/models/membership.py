from wayside_client.open_enum import OpenEnum


class Membership(OpenEnum):
    ENROLLED = "enrolled"
    PENDING = "pending"
    REVOKED = "revoked"
