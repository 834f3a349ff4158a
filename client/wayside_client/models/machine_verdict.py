from wayside_client.open_enum import OpenEnum


class MachineVerdict(OpenEnum):
    CANDIDATE = "candidate"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    SOUGHT = "sought"
