from wayside_client.open_enum import OpenEnum


class PlanScope(OpenEnum):
    CAMERA = "camera"
    DISTRICT = "district"
    FLEET = "fleet"
