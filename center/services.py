"""The services that routes and pages use. The guard puts them, and the user's identity, into the request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, TypeVar, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from center.access.districts import Districts
from center.access.oidc import Oidc
from center.access.permissions import Identity, Scope
from center.access.second_factor import SecondFactors
from center.access.sessions import Auth
from center.access.tokens import Tokens
from center.access.users import Users
from center.alarms.service import AlarmService
from center.assessment.service import Assessment
from center.audit.log import Audit
from center.audit.retention import AuditKeeper
from center.basemap.ground import Basemap
from center.cases.service import Cases
from center.clock import NowMs
from center.evidence.service import Exports
from center.fleet.devices import Devices
from center.fleet.feed import Feed
from center.fleet.rollouts import Rollouts
from center.fleet.roster import Roster
from center.health import Health
from center.notify.service import Notifier
from center.orders.service import OrderService
from center.pipeline.service import Pipeline
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.search.pictures import PicturePreviews
from center.search.saved import SavedSearches
from center.search.storage import ArchiveStorage
from center.self_check.service import SelfCheck
from center.tasks.jobs import TaskJobs
from center.tasks.orders import TaskOrders
from center.tasks.upload_permits import UploadPermits
from center.wall.service import Wall

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """All services of one centre."""

    auth: Auth
    second_factors: SecondFactors
    users: Users
    tokens: Tokens
    districts: Districts
    audit: Audit
    audit_keeper: AuditKeeper
    search: Search
    saved_searches: SavedSearches
    roster: Roster
    devices: Devices
    positions: CameraPositions
    assessment: Assessment
    feed: Feed
    health: Health
    notifier: Notifier
    alarms: AlarmService
    pipeline: Pipeline
    cases: Cases
    orders: OrderService
    task_orders: TaskOrders
    jobs: TaskJobs
    upload_permits: UploadPermits
    wall: Wall
    self_check: SelfCheck
    now_ms: NowMs
    secure_cookie: bool
    """True if browsers speak TLS to this centre, so that the session cookie may be marked Secure."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    ray_dashboard_url: str = ""
    grafana_url: str = ""
    picture_watermark: bool = True
    oidc: Oidc | None = None
    """None: only local accounts."""
    evidence: Exports | None = None
    """None where nothing is configured to sign with."""
    atlas: Basemap = field(default_factory=Basemap)
    settings: tuple[tuple[str, str], ...] = ()
    """The configuration as pages may show it."""
    rollouts: Rollouts = field(default_factory=Rollouts)
    storage: ArchiveStorage = field(init=False)
    previews: PicturePreviews = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "storage", ArchiveStorage(self.search, self.now_ms))
        object.__setattr__(self, "previews", PicturePreviews(self.search))


def services_of(connection: HTTPConnection) -> Services:
    """Returns the services behind this request."""
    return cast("Services", connection.state.services)


def identity_of(connection: HTTPConnection) -> Identity:
    """Returns the user of the request; only on routes that the guard does not leave open."""
    return cast("Identity", connection.state.identity)


def sight_of(connection: HTTPConnection) -> Scope:
    """Returns the cameras that the user may see on this route; data of any other is treated as absent."""
    return cast("Scope", connection.state.sight)


def source_of(connection: HTTPConnection) -> str:
    """Returns the client's address, as the guard found it (`center.access.client_address`)."""
    return cast("str", connection.state.source)


def _depends(read: Callable[[HTTPConnection], T]) -> Any:
    """Makes a dependency that is read in the event loop: a plain function would cost each request a thread."""

    async def of(connection: HTTPConnection) -> T:
        return read(connection)

    return Depends(of)


Served = Annotated[Services, _depends(services_of)]
Asker = Annotated[Identity, _depends(identity_of)]
Sight = Annotated[Scope, _depends(sight_of)]
Source = Annotated[str, _depends(source_of)]
