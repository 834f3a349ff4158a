"""Maps method and path to a route. Devices write `/VIID/`, `/viid/`, a slash at the end, or a whole URL."""

from enum import Enum, auto
from typing import Final
from urllib.parse import urlsplit


class ViidRoute(Enum):
    """The service that a request wants."""

    REGISTER = auto()
    UNREGISTER = auto()
    KEEPALIVE = auto()
    TIME = auto()
    PICTURES = auto()
    """Vehicles, two-wheelers, scenes and images: read, picture by picture, by the list in `policy`."""
    UNREAD = auto()
    """Everything else that a device may push, faces and persons first of all: answered, and never read."""
    NOWHERE = auto()


_POSTS: Final = {
    "/viid/system/register": ViidRoute.REGISTER,
    "/viid/system/unregister": ViidRoute.UNREGISTER,
    "/viid/system/keepalive": ViidRoute.KEEPALIVE,
    "/viid/motorvehicles": ViidRoute.PICTURES,
    "/viid/nonmotorvehicles": ViidRoute.PICTURES,
    "/viid/scenes": ViidRoute.PICTURES,
    "/viid/images": ViidRoute.PICTURES,
}


def normal_path(address: str) -> str:
    """Returns a path, or the path of a URL, in small letters, without query and without slashes at its end."""
    try:
        path = urlsplit(address).path
    except ValueError:  # a bracket where a host should be
        return ""
    return path.rstrip("/").lower()


def is_same_path(one: str, other: str) -> bool:
    """True if both mean the same path, however they are written."""
    return normal_path(one) == normal_path(other)


def route(method: str, path: str) -> ViidRoute:
    """Returns the route of a request line."""
    normal = normal_path(path)
    if method == "GET" and normal == "/viid/system/time":
        return ViidRoute.TIME
    if method not in {"POST", "PUT"} or not normal.startswith("/viid/"):
        return ViidRoute.NOWHERE
    return _POSTS.get(normal, ViidRoute.UNREAD) if method == "POST" else ViidRoute.UNREAD
