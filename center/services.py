"""Everything a route or page may use, and how it finds it: the guard puts both into the request."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from center.assessment.assessment import Assessment
from center.audit import Audit
from center.auth import Auth, Identity
from center.clock import NowMs
from center.devices import Devices
from center.feed import Feed
from center.health import Health
from center.roster import Roster
from center.search import Search


@dataclass(frozen=True, slots=True)
class Services:
    """One centre."""

    auth: Auth
    audit: Audit
    search: Search
    roster: Roster
    devices: Devices
    assessment: Assessment
    feed: Feed
    health: Health
    now_ms: NowMs
    secure_cookie: bool
    """Whether the browser speaks TLS to us, so that the session cookie may be marked Secure."""
    ray_dashboard_url: str = ""


def services_of(connection: HTTPConnection) -> Services:
    """The services behind this request."""
    return cast("Services", connection.state.services)


def identity_of(connection: HTTPConnection) -> Identity:
    """Who is asking; only on routes that the guard does not leave open."""
    return cast("Identity", connection.state.identity)


def source_of(connection: HTTPConnection) -> str:
    """The address it came from. Forwarding headers are not believed: anybody can write them."""
    return connection.client.host if connection.client is not None else "-"


Served = Annotated[Services, Depends(services_of)]
Asker = Annotated[Identity, Depends(identity_of)]
Source = Annotated[str, Depends(source_of)]
