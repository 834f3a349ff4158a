from wayside_client.open_enum import OpenEnum


class PictureState(OpenEnum):
    KEPT = "kept"
    LEAK = "leak"
    WITHHELD = "withheld"
