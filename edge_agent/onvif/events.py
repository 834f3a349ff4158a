"""Pulls a camera's events by ONVIF (Core 9.1), as a trigger: whether motion or a crossed line was reported.

Nothing else of a report leaves this module: no text, no name, no place. Each call is bounded in time and bytes, and
goes to the configured host alone.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final
from xml.etree.ElementTree import Element

from edge_agent.clock import Backoff, Clock
from edge_agent.errors import OnvifError, SourceError
from edge_agent.onvif import soap
from edge_agent.onvif.client import DEVICE, OnvifClient
from edge_agent.onvif.device_time import device_time
from edge_agent.onvif.named_address import on_host

EVENTS: Final = "http://www.onvif.org/ver10/events/wsdl"
NOTIFICATION: Final = "http://docs.oasis-open.org/wsn/b-2"
_SUBSCRIBE: Final = f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest"
_PULL: Final = f"{EVENTS}/PullPointSubscription/PullMessagesRequest"
_RENEW: Final = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest"
_UNSUBSCRIBE: Final = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest"
LIFE_S: Final = 60
"""Seconds after which the camera ends a subscription that is not renewed."""
RENEW_S: Final = 25.0
LEAST_S: Final = 1.0
"""Seconds between two pulls: a camera may answer at once, and floods are read in steps."""
FIRST_S: Final = 10.0
LONGEST_S: Final = 600.0
_MOST_MESSAGES: Final = 256
_MOVES: Final = frozenset({"motion", "motionalarm"})
_CROSSED: Final = "crossed"
_TRUE: Final = frozenset({"true", "1"})
_STATES: Final = frozenset({"ismotion", "state"})
_log = logging.getLogger(__name__)


def reports_event(response: Element) -> bool:
    """Tells whether an answer of `PullMessages` has motion that began, or a line that was crossed."""
    return any(map(_triggers, response[:_MOST_MESSAGES]))


def _triggers(notification: Element) -> bool:
    topic = soap.find_text(notification, "Topic").rpartition("/")[2].rpartition(":")[2].lower()
    message = soap.find(notification, "Message", "Message")
    if message is None or message.get("PropertyOperation", "Changed") != "Changed":
        return False  # the states at the begin of a subscription are no events
    if topic == _CROSSED:
        return True
    data = soap.find(message, "Data")
    return topic in _MOVES and data is not None and any(map(_is_true, data[:_MOST_MESSAGES]))


def _is_true(item: Element) -> bool:
    return item.get("Name", "").lower() in _STATES and item.get("Value", "").lower() in _TRUE


class EventTrigger:
    """Triggers whenever one camera reports an event."""

    def __init__(self, camera_id: str, device_url: str, client: Callable[[str], OnvifClient], clock: Clock) -> None:
        """`client`: makes a client of a service by its address."""
        self._camera_id = camera_id
        self._device_url = device_url
        self._client = client
        self._clock = clock
        self._cause = ""

    def run(self, stop: threading.Event, trigger: Callable[[], None]) -> None:
        """Pulls until `stop`. A camera that does not answer is asked ever less, one that refuses the login least."""
        failures = Backoff(FIRST_S, LONGEST_S)
        while not stop.is_set():
            try:
                self._pull(stop, trigger, failures)
            except (OnvifError, SourceError, ValueError) as error:  # SourceError: its password cannot be read
                cause = getattr(error, "cause", "garbage")
                if cause != self._cause:
                    _log.info("no events by ONVIF camera=%s cause=%s", self._camera_id, cause)
                self._cause = cause
                self._clock.wait(stop, LONGEST_S if cause == "wrong_credentials" else failures.next_wait_s())

    def _pull(self, stop: threading.Event, trigger: Callable[[], None], failures: Backoff) -> None:
        """Subscribes and pulls. Raises OnvifError, and ValueError for an address that is none."""
        device = self._client(self._device_url)
        skew_ms = device_time(device, self._clock).at_ms - self._clock.now_ms()  # a login is dated by the camera's time
        told = device.call("GetCapabilities", DEVICE, "<Category>Events</Category>", camera_ms=self._at_ms(skew_ms))
        events = self._client(self._named(told.response, "Capabilities", "Events", "XAddr"))
        told = events.call(
            "CreatePullPointSubscription",
            EVENTS,
            f"<InitialTerminationTime>PT{LIFE_S}S</InitialTerminationTime>",
            camera_ms=self._at_ms(skew_ms),
            action=_SUBSCRIBE,
        )
        point = self._client(self._named(told.response, "SubscriptionReference", "Address"))
        renew_at_s = self._clock.monotonic_s() + RENEW_S
        while not stop.is_set():
            content = "<Timeout>PT1S</Timeout><MessageLimit>32</MessageLimit>"
            told = point.call("PullMessages", EVENTS, content, camera_ms=self._at_ms(skew_ms), action=_PULL)
            self._cause = ""
            failures.reset()
            if reports_event(told.response):
                trigger()
            self._clock.wait(stop, LEAST_S)
            if self._clock.monotonic_s() >= renew_at_s:
                renewed = f"<TerminationTime>PT{LIFE_S}S</TerminationTime>"
                point.call("Renew", NOTIFICATION, renewed, camera_ms=self._at_ms(skew_ms), action=_RENEW)
                renew_at_s += RENEW_S
        point.call("Unsubscribe", NOTIFICATION, camera_ms=self._at_ms(skew_ms), action=_UNSUBSCRIBE)

    def _at_ms(self, skew_ms: int) -> int:
        return self._clock.now_ms() + skew_ms

    def _named(self, response: Element, *path: str) -> str:
        return on_host(soap.find_text(response, *path), self._device_url)
