from wayside_client.open_enum import OpenEnum


class MachineClass(OpenEnum):
    BICYCLE = "bicycle"
    BUS = "bus"
    CAR = "car"
    MOTORCYCLE = "motorcycle"
    TRUCK = "truck"
