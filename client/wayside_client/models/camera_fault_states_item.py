from wayside_client.open_enum import OpenEnum


class CameraFaultStatesItem(OpenEnum):
    OFFLINE = "offline"
    PAUSED = "paused"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
