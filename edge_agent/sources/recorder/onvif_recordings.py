"""Asks a recorder's ONVIF services for its recordings, the address that plays one, and its time (Profile G).

Recordings are searched (Search 5.2.13, 5.2.15), or listed where there is no search (Recording 5.2.6). Anything may
come: counts, lengths and rounds are bounded, and no host that an answer names is asked (`named_address`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from edge_agent.clock import Clock
from edge_agent.errors import OnvifError
from edge_agent.onvif import soap
from edge_agent.onvif.client import DEVICE, OnvifClient
from edge_agent.onvif.device_time import DeviceTime, device_time
from edge_agent.onvif.http_exchange import HttpAddress
from edge_agent.onvif.named_address import on_host, rtsp_on_host
from provisioning.net.digest import Account

_SEARCH: Final = "http://www.onvif.org/ver10/search/wsdl"
_RECORDING: Final = "http://www.onvif.org/ver10/recording/wsdl"
_REPLAY: Final = "http://www.onvif.org/ver10/replay/wsdl"
_SCHEMA: Final = "http://www.onvif.org/ver10/schema"
_MAX_RECORDINGS: Final = 4096
_MAX_ROUNDS: Final = 64
_BATCH: Final = 128
_MAX_TOKEN: Final = 128
_SETUP: Final = (
    f'<StreamSetup><Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>'
    f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
)


@dataclass(frozen=True, slots=True)
class OnvifRecording:
    """A recording of a recorder: times are Unix milliseconds by its clock, None where it does not say."""

    token: str
    names: frozenset[str]
    """Tokens and names of its source."""
    started_at_ms: int | None
    ended_at_ms: int | None

    def is_of(self, channel: str) -> bool:
        return channel == self.token or channel in self.names


class OnvifRecordings:
    """Calls the services of one recorder. `account` reads user and password anew at each call."""

    def __init__(self, url: str, account: Callable[[], Account | None], clock: Clock) -> None:
        self._url = url
        self._account = account
        self._clock = clock
        self._services: dict[str, str] = {}
        self._camera_ms: int | None = None

    def time(self) -> DeviceTime:
        """Reads the recorder's clock. Raises OnvifError."""
        told = device_time(self._client(self._url), self._clock)
        self._camera_ms = told.at_ms
        return told

    def recordings(self) -> list[OnvifRecording]:
        """Returns every recording, each token once.

        Raises:
            OnvifError: the recorder cannot be asked, or has neither search nor list.
        """
        services = self._known_services()
        if _SEARCH in services:
            return self._searched(services[_SEARCH])
        if _RECORDING in services:
            response = self._call(services[_RECORDING], _RECORDING, "GetRecordings")
            return recordings_in(response[:_MAX_RECORDINGS])
        raise OnvifError("offers neither a search nor a list of recordings (Profile G)", "garbage")

    def replay_url(self, token: str) -> str:
        """Returns the RTSP address that plays a recording, on the configured host.

        Raises:
            OnvifError: it plays none.
        """
        services = self._known_services()
        if _REPLAY not in services:
            raise OnvifError("offers no replay (Profile G)", "garbage")
        wanted = f"{_SETUP}<RecordingToken>{escape(token)}</RecordingToken>"
        response = self._call(services[_REPLAY], _REPLAY, "GetReplayUri", wanted)
        try:
            return rtsp_on_host(soap.find_text(response, "Uri"), self._url)
        except ValueError:
            raise OnvifError("names no RTSP address of a recording", "garbage") from None

    def _searched(self, url: str) -> list[OnvifRecording]:
        begun = self._call(url, _SEARCH, "FindRecordings", "<Scope/><KeepAliveTime>PT60S</KeepAliveTime>")
        token = soap.find_text(begun, "SearchToken")[:_MAX_TOKEN]
        found: list[Element] = []
        wanted = (
            f"<SearchToken>{escape(token)}</SearchToken><MinResults>1</MinResults>"
            f"<MaxResults>{_BATCH}</MaxResults><WaitTime>PT2S</WaitTime>"
        )
        for _ in range(_MAX_ROUNDS):
            results = soap.find(self._call(url, _SEARCH, "GetRecordingSearchResults", wanted), "ResultList")
            if results is None:
                raise OnvifError("answers a search without a list", "garbage")
            found += [each for each in results if each.tag.rpartition("}")[2] == "RecordingInformation"]
            if soap.find_text(results, "SearchState") == "Completed" or len(found) >= _MAX_RECORDINGS:
                return recordings_in(found[:_MAX_RECORDINGS])
        raise OnvifError(f"did not end a search of its recordings in {_MAX_ROUNDS} answers", "no_answer")

    def _known_services(self) -> dict[str, str]:
        if not self._services:
            wanted = "<IncludeCapability>false</IncludeCapability>"
            for service in self._call(self._url, DEVICE, "GetServices", wanted)[:64]:
                try:
                    address = on_host(soap.find_text(service, "XAddr"), self._url)
                except ValueError:
                    continue  # a service that cannot be called is none
                self._services[soap.find_text(service, "Namespace")] = address
        return self._services

    def _call(self, url: str, namespace: str, name: str, content: str = "") -> Element:
        return self._client(url).call(name, namespace, content, camera_ms=self._camera_ms).response

    def _client(self, url: str) -> OnvifClient:
        return OnvifClient(HttpAddress.of(url), self._account, self._clock)


def recordings_in(items: Iterable[Element]) -> list[OnvifRecording]:
    """Reads the recordings of an answer, each token once; what has no usable token is none."""
    return list({each.token: each for each in map(_read, items) if each is not None}.values())


def _read(item: Element) -> OnvifRecording | None:
    """Reads `RecordingInformation` of a search, or `RecordingItem` of a list; None without a usable token."""
    token = soap.find_text(item, "RecordingToken")
    if not 0 < len(token) <= _MAX_TOKEN or not token.isprintable():
        return None
    source = soap.find(item, "Source")
    if source is None:
        source = soap.find(item, "Configuration", "Source")
    told = () if source is None else (soap.find_text(source, name) for name in ("SourceId", "Name"))
    tracks = [each for each in item if each.tag.rpartition("}")[2] == "Track"]
    video = [each for each in tracks if soap.find_text(each, "TrackType") == "Video"]
    starts = [_ms(soap.find_text(each, "DataFrom")) for each in video] or [
        _ms(soap.find_text(item, "EarliestRecording"))
    ]
    ends = [_ms(soap.find_text(each, "DataTo")) for each in video] or [_ms(soap.find_text(item, "LatestRecording"))]
    first, last = (None if None in times else times for times in (starts, ends))
    return OnvifRecording(
        token,
        frozenset(name for name in told if name),
        None if first is None else min(each for each in first if each is not None),
        None if last is None else max(each for each in last if each is not None),
    )


def _ms(text: str) -> int | None:
    """Reads `xs:dateTime`; one without a zone is UTC, as of ONVIF Core. None for what is none."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return max(0, round(at.timestamp() * 1000))
    except (ValueError, OverflowError):
        return None
