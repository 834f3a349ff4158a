from wayside_client.open_enum import OpenEnum


class TaskKind(OpenEnum):
    LIVE = "live"
    OFFLINE = "offline"
    RECORDING = "recording"
    UNKNOWN = "unknown"
