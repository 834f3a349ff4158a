from wayside_client.open_enum import OpenEnum


class OrderEvent(OpenEnum):
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    ASSIGNED = "assigned"
    CONFIRMED = "confirmed"
    DONE = "done"
    LEFT = "left"
    NOTED = "noted"
    OPENED = "opened"
    PARTS = "parts"
    RECOVERED = "recovered"
    REOPENED = "reopened"
    RESUMED = "resumed"
    VOIDED = "voided"
    WAITING = "waiting"
    WELL = "well"
