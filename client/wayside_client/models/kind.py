from wayside_client.open_enum import OpenEnum


class Kind(OpenEnum):
    MAIL = "mail"
    SMS = "sms"
    WEBHOOK = "webhook"
