from wayside_client.open_enum import OpenEnum


class Condition(OpenEnum):
    DEGRADED = "degraded"
    OK = "ok"
