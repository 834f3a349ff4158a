from wayside_client.open_enum import OpenEnum


class MaintenanceState(OpenEnum):
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    MENDED = "mended"
    ON_SITE = "on_site"
    OPEN = "open"
    VOID = "void"
    WELL = "well"
