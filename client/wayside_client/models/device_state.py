from wayside_client.open_enum import OpenEnum


class DeviceState(OpenEnum):
    OFFLINE = "offline"
    ONLINE = "online"
    PAUSED = "paused"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    REVOKED = "revoked"
    STARTING = "starting"
    UNKNOWN = "unknown"
