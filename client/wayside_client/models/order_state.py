from wayside_client.open_enum import OpenEnum


class OrderState(OpenEnum):
    ASKED = "asked"
    REFUSED = "refused"
    TAKEN = "taken"
    UNANSWERED = "unanswered"
