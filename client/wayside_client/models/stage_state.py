from wayside_client.open_enum import OpenEnum


class StageState(OpenEnum):
    AMBER = "amber"
    GREEN = "green"
    RED = "red"
    STARTING = "starting"
    UNKNOWN = "unknown"
