from wayside_client.open_enum import OpenEnum


class Side(OpenEnum):
    LEFT = "left"
    RIGHT = "right"
