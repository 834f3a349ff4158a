from wayside_client.open_enum import OpenEnum


class ComplaintSource(OpenEnum):
    CARRIER = "carrier"
    RECIPIENT = "recipient"
