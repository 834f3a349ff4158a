"""Reads a camera's clock by `GetSystemDateAndTime` (ONVIF Core 8.3.2), which needs no login by the specification."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element

from edge_agent.clock import Clock
from edge_agent.errors import OnvifError
from edge_agent.onvif import soap
from edge_agent.onvif.client import DEVICE, OnvifClient

_STATED_MS: Final = 500.0
"""A camera states its time in whole seconds: with half a second added it is off by half a second, either way."""
_LAST_YEAR: Final = 9998


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """A camera's clock as stated by itself."""

    at_ms: int
    """Its time, Unix milliseconds."""
    skew_ms: float
    """Its clock minus the agent's."""
    bound_ms: float
    """Error of `skew_ms`: half a round trip, and half a second."""


def device_time(client: OnvifClient, clock: Clock) -> DeviceTime:
    """Calls the device service and measures the skew of its clock.

    Raises:
        OnvifError: as `OnvifClient.call`; `garbage` for an answer without a UTC time.
    """
    try:
        answer = client.call("GetSystemDateAndTime", DEVICE)
    except OnvifError as error:  # some want a login in the SOAP header, against the specification
        if error.cause != "wrong_credentials":
            raise
        answer = client.call("GetSystemDateAndTime", DEVICE, camera_ms=clock.now_ms())
    now_s, now_ms = clock.monotonic_s(), clock.now_ms()
    at_ms = utc_ms(answer.response)
    middle_ms = now_ms - (now_s - (answer.sent_s + answer.received_s) / 2) * 1000
    half_trip_ms = (answer.received_s - answer.sent_s) / 2 * 1000
    return DeviceTime(at_ms, at_ms + _STATED_MS - middle_ms, half_trip_ms + _STATED_MS)


def utc_ms(response: Element) -> int:
    """Reads `UTCDateTime` of an answer.

    Raises:
        OnvifError: it states none, or no time that exists (`garbage`).
    """
    utc = soap.find(response, "SystemDateAndTime", "UTCDateTime")
    if utc is None:
        raise OnvifError("states no UTC time: renew its firmware, or set its time zone", "garbage")
    year, month, day = (_number(soap.find_text(utc, "Date", name)) for name in ("Year", "Month", "Day"))
    hour, minute, second = (_number(soap.find_text(utc, "Time", name)) for name in ("Hour", "Minute", "Second"))
    try:  # datetime fails at the edges of its own years
        at = datetime(min(year, _LAST_YEAR), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise OnvifError("states a time that does not exist: set its clock", "garbage") from error
    return round(at.timestamp() * 1000)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
