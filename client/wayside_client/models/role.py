from wayside_client.open_enum import OpenEnum


class Role(OpenEnum):
    ADMINISTRATOR = "administrator"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    DISPLAY = "display"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"
