from wayside_client.open_enum import OpenEnum


class ClockSource(OpenEnum):
    ONVIF = "onvif"
    PICTURE = "picture"
    PUSHED = "pushed"
    RTCP = "rtcp"
    SIP = "sip"
