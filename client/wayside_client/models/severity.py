from wayside_client.open_enum import OpenEnum


class Severity(OpenEnum):
    CRITICAL = "critical"
    INFO = "info"
    WARNING = "warning"
