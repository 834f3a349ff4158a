from wayside_client.open_enum import OpenEnum


class Verdict(OpenEnum):
    APPLIED = "applied"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    TRYING = "trying"
