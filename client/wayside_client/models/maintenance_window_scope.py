from wayside_client.open_enum import OpenEnum


class MaintenanceWindowScope(OpenEnum):
    CAMERA = "camera"
    DISTRICT = "district"
    FLEET = "fleet"
