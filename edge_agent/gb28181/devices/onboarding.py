"""Queries and subscribes to each device once it is online: step by step, and not all devices at one moment.

After a restart of the agent, or a power cut on site, thousands of devices come back within a minute. Each waits for its
turn.
"""

from collections.abc import Callable, Collection
from enum import Enum, auto
from typing import Final

from edge_agent.gb28181.devices.queries import DeviceQueries, MessageContext, MessageSubject
from edge_agent.gb28181.devices.subscriptions import Subscriptions, Topic
from edge_agent.gb28181.manscdp import query_bodies
from provisioning.net.rates import Pacer
from provisioning.sip.edition import Version
from provisioning.sip.moment import Now
from provisioning.sip.timers import Agenda

DEVICES_PER_S: Final = 50.0
DELAY_S: Final = 1.0
"""Shortest delay after a registration: some devices do not listen right after it."""
JITTER_S: Final = 1.0
STEP_S: Final = 0.3
AGAIN_S: Final = 600.0
"""Seconds until a catalog query without a result is repeated."""
CLOCK_EVERY_S: Final = 600.0
"""Seconds between two measurements of a device's clock: a quartz of 100 ppm drifts by 60 ms meanwhile."""


class OnboardingStep(Enum):
    """The steps of onboarding, in their order; the last one is repeated for as long as the device is there."""

    INFO = auto()
    STATUS = auto()
    CATALOG = auto()
    GUARD = auto()
    SUBSCRIBE_CATALOG = auto()
    SUBSCRIBE_ALARM = auto()
    CLOCK = auto()


_TOPICS: Final = {OnboardingStep.SUBSCRIBE_CATALOG: Topic.CATALOG, OnboardingStep.SUBSCRIBE_ALARM: Topic.ALARM}
_AFTER: Final = dict(zip(list(OnboardingStep)[:-1], list(OnboardingStep)[1:], strict=True))


class Onboarding:
    """Schedules the onboarding steps of devices. Whether a step is still needed is decided when its turn comes."""

    def __init__(
        self,
        token: Callable[[int], str],
        queries: DeviceQueries,
        subscriptions: Subscriptions,
        version: Callable[[str], Version],
        send: Callable[[bytes, MessageContext, Now], bool],
        guarded: Collection[str],
    ) -> None:
        """`version` returns the edition that a device speaks. `guarded`: devices that are sent SetGuard."""
        self._token = token
        self._queries = queries
        self._subscriptions = subscriptions
        self._version = version
        self._send = send
        self._guarded = guarded
        self._pacer = Pacer(DEVICES_PER_S)
        self._agenda: Agenda[tuple[str, OnboardingStep]] = Agenda()

    def begin(self, device_id: str, now_s: float) -> None:
        """Starts onboarding of a device that came online or is due again. Onboarding that is under way goes on."""
        if any(self._agenda.at_s((device_id, step)) is not None for step in _AFTER):
            return
        jitter_s = int(self._token(4), 16) / 0x10000 * JITTER_S
        self._agenda.plan((device_id, OnboardingStep.INFO), self._pacer.turn_s(now_s + DELAY_S + jitter_s))

    def ask_list_again(self, device_id: str, now_s: float) -> None:
        """Schedules another catalog query, after one without a result."""
        self._agenda.plan((device_id, OnboardingStep.CATALOG), self._pacer.turn_s(now_s + AGAIN_S))

    def end(self, device_id: str) -> None:
        """Cancels the onboarding of a device that went offline."""
        for step in OnboardingStep:
            self._agenda.cancel((device_id, step))

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due; it may be early."""
        return self._agenda.get_timer()

    def handle_timer(self, now: Now) -> None:
        """Runs the steps that are due."""
        for device_id, step in self._agenda.take_due(now.monotonic_s):
            if _AFTER.get(step, OnboardingStep.CLOCK) is OnboardingStep.CLOCK:
                self._agenda.plan((device_id, OnboardingStep.CLOCK), now.monotonic_s + CLOCK_EVERY_S)
            else:
                self._agenda.plan((device_id, _AFTER[step]), now.monotonic_s + STEP_S)
            self._do(device_id, step, now)

    def _do(self, device_id: str, step: OnboardingStep, now: Now) -> None:
        version, is_stale = self._version(device_id), self._queries.is_stale(device_id, now)
        match step:
            case OnboardingStep.INFO if is_stale:
                self._queries.ask_info(device_id, version, now)
            case OnboardingStep.STATUS | OnboardingStep.CLOCK:
                self._queries.ask_status(device_id, version, now)
            case OnboardingStep.CATALOG if is_stale:
                self._queries.ask_catalog(device_id, version, now)
            case OnboardingStep.GUARD if device_id in self._guarded:
                body = query_bodies.guard(version, self._queries.number(), device_id, "SetGuard")
                self._send(body, MessageContext(device_id, MessageSubject.COMMAND), now)
            case OnboardingStep.SUBSCRIBE_CATALOG | OnboardingStep.SUBSCRIBE_ALARM:
                self._subscriptions.begin(device_id, _TOPICS[step], version)
