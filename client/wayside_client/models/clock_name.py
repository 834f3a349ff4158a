from wayside_client.open_enum import OpenEnum


class ClockName(OpenEnum):
    ANSWER = "answer"
    MENDED = "mended"
    ON_SITE = "on_site"
