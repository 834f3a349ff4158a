"""The ONVIF services of a simulated recorder (Profile G): its time, services, recordings, and what plays one."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, unescape

from provisioning.demo.simulators.onvif import OnvifCamera, OnvifServer, system_date_and_time

DEVICE: Final = "/onvif/device_service"
_CALL: Final = re.compile(rb"<s:Body><(\w+)")
_TOKEN: Final = re.compile(rb"<(?:Recording|Search)Token>([^<]{1,128})<")
_NAMESPACES: Final = ("search", "recording", "replay")


@dataclass
class OnvifHolding:
    """One recording."""

    token: str
    source: str
    started_at_s: int
    ended_at_s: int


@dataclass
class OnvifNvr:
    """What the services answer, and what they were asked."""

    holdings: list[OnvifHolding] = field(default_factory=list)
    replay_url: str = "rtsp://192.168.250.9:554/replay/{token}"
    """Address as the recorder knows it, by an inner host of its own."""
    services: tuple[str, ...] = _NAMESPACES
    ahead_s: float = 0.0
    batch: int = 2
    """Recordings in one answer of a search."""
    never_completes: bool = False
    has_times: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    """Given in place of its own, by the name of the call."""
    asked: list[str] = field(default_factory=list)
    camera: OnvifCamera = field(default_factory=OnvifCamera)
    url: str = ""
    _sent: int = 0

    def answer(self, body: bytes) -> bytes:
        found = _CALL.search(body)
        name = "" if found is None else found[1].decode()
        self.asked.append(name)
        if name in self.answers:
            return self.answers[name].encode()
        if name == "GetSystemDateAndTime":
            return system_date_and_time(time.time() + self.ahead_s)
        token = "" if (wanted := _TOKEN.search(body)) is None else unescape(wanted[1].decode())
        return _enveloped(f"{name}Response", self._content(name, token))

    def _content(self, name: str, token: str) -> str:
        match name:
            case "GetServices":
                return "".join(
                    f"<Service><Namespace>http://www.onvif.org/ver10/{each}/wsdl</Namespace>"
                    f"<XAddr>http://192.168.250.9{DEVICE}</XAddr></Service>"
                    for each in self.services
                )
            case "FindRecordings":
                self._sent = 0
                return "<SearchToken>s1</SearchToken>"
            case "GetRecordingSearchResults":
                part = self.holdings[self._sent : self._sent + self.batch]
                self._sent += len(part)
                is_over = self._sent >= len(self.holdings) and not self.never_completes
                state = "Completed" if is_over else "Searching"
                found = "".join(map(self._information, part))
                return f"<ResultList><SearchState>{state}</SearchState>{found}</ResultList>"
            case "GetRecordings":
                return "".join(
                    f"<RecordingItem><RecordingToken>{escape(each.token)}</RecordingToken><Configuration><Source>"
                    f"<SourceId>{escape(each.source)}</SourceId></Source></Configuration></RecordingItem>"
                    for each in self.holdings
                )
            case _:
                return f"<Uri>{escape(self.replay_url.replace('{token}', token))}</Uri>"

    def _information(self, holding: OnvifHolding) -> str:
        start, end = (
            datetime.fromtimestamp(each, UTC).isoformat().replace("+00:00", "Z")
            for each in (holding.started_at_s, holding.ended_at_s)
        )
        track = (
            f"<Track><TrackToken>v</TrackToken><TrackType>Video</TrackType><DataFrom>{start}</DataFrom>"
            f"<DataTo>{end}</DataTo></Track>"
        )
        return (
            f"<RecordingInformation><RecordingToken>{escape(holding.token)}</RecordingToken>"
            f"<Source><SourceId>{escape(holding.source)}</SourceId><Name>n-{escape(holding.source)}</Name></Source>"
            f"{track if self.has_times else ''}</RecordingInformation>"
        )


def _enveloped(name: str, content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">'
        f"<e:Body><{name}>{content}</{name}></e:Body></e:Envelope>"
    ).encode()


@contextmanager
def onvif_nvr(nvr: OnvifNvr) -> Iterator[OnvifNvr]:
    """Serves the services of one recorder."""
    with OnvifServer() as server:
        server.cameras[DEVICE] = nvr.camera
        nvr.camera.answer = nvr.answer
        nvr.url = server.url(DEVICE)
        yield nvr
