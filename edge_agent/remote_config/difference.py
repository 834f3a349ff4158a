"""Compares two configurations: finds the cameras that a change leaves alone. Pure, but for opening sealed passwords.

A document seals every password anew, so that equal passwords differ as text; they are compared opened.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from edge_agent.errors import WrongCredentials
from provisioning.contracts.config.processes import AuthenticatedSource, Camera, CameraSource, EdgeConfig, Recorder

ReadPassword: TypeAlias = Callable[[str, CameraSource | Recorder], str | None]
"""Opens the password of a camera or recorder, by the name that it is sealed for. Raises WrongCredentials."""

_DEVICES: Final = frozenset({"device_id", "recorder"})
_SEALED: Final = "password_sealed"


def untouched(before: EdgeConfig, after: EdgeConfig, read: ReadPassword) -> frozenset[str]:
    """Finds the cameras whose settings are the same in both configurations.

    One that shares a host or a device with a camera or recorder that differs, comes or goes counts as touched: a
    recorder that serves one stream more may refuse another.
    """
    was, now = _by_id(before.cameras), _by_id(after.cameras)
    same = {name for name in was.keys() & now.keys() if _is_same_camera(was[name], now[name], read)}
    touched = [camera for name, camera in (*was.items(), *now.items()) if name not in same]
    places = {place for camera in touched for place in _places(camera)}
    for recorder in _differing(before.recorders, after.recorders, read):
        places.update(_named(recorder))
    return frozenset(name for name in same if not places & set(_places(now[name])))


def _by_id(cameras: Iterable[Camera]) -> dict[str, Camera]:
    return {camera.id: camera for camera in cameras}


def _is_same_camera(one: Camera, other: Camera, read: ReadPassword) -> bool:
    hidden = {"source": {_SEALED}}
    if one.model_dump(exclude=hidden) != other.model_dump(exclude=hidden):
        return False
    return _has_same_password(one.id, one.source, other.source, read)


def _differing(before: Iterable[Recorder], after: Iterable[Recorder], read: ReadPassword) -> Iterator[Recorder]:
    """Yields the recorders that differ, come or go, each as it was and as it is."""
    was, now = ({recorder.id: recorder for recorder in recorders} for recorders in (before, after))
    for name in was.keys() | now.keys():
        one, other = was.get(name), now.get(name)
        is_same = (
            one is not None
            and other is not None
            and one.model_dump(exclude={_SEALED}) == other.model_dump(exclude={_SEALED})
            and _has_same_password(one.secret_name, one, other, read)
        )
        if not is_same:
            yield from (each for each in (one, other) if each is not None)


def _has_same_password(
    name: str, one: CameraSource | Recorder, other: CameraSource | Recorder, read: ReadPassword
) -> bool:
    if not isinstance(one, AuthenticatedSource) or not isinstance(other, AuthenticatedSource):
        return True
    if one.password_sealed == other.password_sealed:
        return True
    try:
        return read(name, one) == read(name, other)
    except WrongCredentials:
        return False  # not comparable, so the change answers for the camera


def _places(camera: Camera) -> Iterator[str]:
    """Yields the hosts and devices that a camera's pictures and time come from."""
    yield from _named(camera.source)
    yield from _named(camera.clock)


def _named(section: Iterable[tuple[str, object]]) -> Iterator[str]:
    for name, value in section:
        if not isinstance(value, str):
            continue
        if name in _DEVICES:
            yield value
        elif name.endswith("url") and (host := urlsplit(value).hostname):
            yield host
