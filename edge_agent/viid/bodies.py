"""Parses pushed bodies: object ids, devices, times and pictures, by an allow-list.

Nothing else is read. Plate numbers, lists of faces and persons, attributes and links are stepped over, and a picture
whose type is not on the list, or is unknown, is answered as accepted, counted and not decoded. Keys are found in any
case, with and without `Object`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from edge_agent.viid.json_reader import JsonReader, MalformedBodyError
from provisioning.contracts.query.archive import ZONE

TAKEN_TYPES: Final = frozenset({1, 9, 12, 14})
"""01 vehicle scene, 09 vehicle close-up, 12 two-wheeler, 14 scene. Not taken: 02 and 03 plates, 04 and 05 the people in
a car, 06 logos, 07 and 08 compositions with text and close-ups, 10 person, 11 face, 13 things, 100 general."""
GENERAL: Final = 100
_UNSAID: Final = frozenset({None, GENERAL})
_PERSON_EVENTS: Final = frozenset({2, 8, 10, 22})
"""EventSort: person passing, pedestrian, face, loitering."""
_LISTS: Final = {
    "motorvehiclelist": "motorvehicle",
    "nonmotorvehiclelist": "nonmotorvehicle",
    "scenelist": "scene",
    "imagelist": "image",
}
"""Key of the list at the root, and of the objects in it."""
_TIMES: Final = ("shottime", "passtime", "appeartime", "marktime")
"""Keys of times, in the order in which they are believed."""
_MAX_ID: Final = 64
_MAX_THINGS: Final = 1000
"""Each gets a line in the answer."""
_LOCAL: Final = re.compile(r"(\d{14})(\d{3})?", re.ASCII)
_EPOCH_MS: Final = re.compile(r"\d{13}", re.ASCII)


def is_taken(kind: int | None, event: int | None, *, as_image: bool) -> bool:
    """True if a picture of this Type and EventSort is read. `as_image`: it stands in a list of images of its own.

    There, and only there, a missing Type and 100 (general) will do: the standard's ImageInfo has no place for a type,
    so asking for one would refuse every image. It is a picture like a camera's frame then, and the redactor withholds
    it when it is small or shows no machine. A vehicle's or scene's picture has a place for its type: one without a type
    may be the driver.
    """
    if event in _PERSON_EVENTS:
        return False
    return kind in TAKEN_TYPES or (as_image and kind in _UNSAID)


@dataclass(slots=True)
class PushedPicture:
    """One picture of an object, as the device describes it."""

    kind: int | None = None
    event: int | None = None
    times: dict[str, str] = field(default_factory=dict)
    data: memoryview = field(default=memoryview(b""), repr=False)
    """The picture's base64, as a view into the body."""

    def shot_at_ms(self) -> int | None:
        """Returns the most credible of its times, Unix milliseconds; None where it has none."""
        return next((at_ms for key in _TIMES if (at_ms := parse_local_time(self.times.get(key, ""))) is not None), None)


@dataclass(slots=True)
class PushedObject:
    """A vehicle, two-wheeler, scene or image: an object with an entry of its own in the answer."""

    id: str = ""
    device_id: str = ""
    taken: list[PushedPicture] = field(default_factory=list)
    without_data: int = 0
    """Pictures that are only named by an address. Nothing is fetched: a device must not send this machine anywhere."""
    dropped: int = 0
    """Pictures that `is_taken` refuses."""


@dataclass(slots=True)
class PushBody:
    """The objects of one request."""

    things: list[PushedObject] = field(default_factory=list)
    dropped: int = 0
    """Lists at the root that are not read: faces, persons."""


def parse(data: bytes | bytearray) -> PushBody:
    """Parses a body; it must outlive the views into it.

    Raises:
        MalformedBodyError: no JSON, or too much of it.
    """
    reader, body = JsonReader(data), PushBody()
    for key in reader.members():
        name = _plain(key)
        inner = _LISTS.get(name, name)
        if inner not in _LISTS.values():
            body.dropped += 1
            continue
        for _ in _entries(reader, inner):
            if len(body.things) == _MAX_THINGS:
                raise MalformedBodyError(f"over {_MAX_THINGS} objects")
            body.things.append(_thing(reader, inner))
    return body


def device_id(data: bytes | bytearray, within: str) -> str:
    """Returns the DeviceID of a Register, UnRegister or Keepalive object; empty without one. `within`: `register` etc.

    Raises:
        MalformedBodyError: no JSON.
    """
    if not data.strip():  # a keepalive may have no body
        return ""
    reader, found = JsonReader(data), ""
    for key in reader.members():
        if _plain(key) == "deviceid":
            found = reader.text()
        elif _plain(key) == within:
            for inner in reader.members():
                if _plain(inner) == "deviceid":
                    found = reader.text()
    return found[:_MAX_ID]


def _entries(reader: JsonReader, name: str) -> Iterator[None]:
    """Yields the objects of a list: `{"…Object": [...]}`, or the array itself, or one object where an array belongs."""
    if reader.is_array():
        yield from reader.elements()
        return
    for key in reader.members():
        if _plain(key) == name:
            yield from reader.elements()


def _thing(reader: JsonReader, kind: str) -> PushedObject:
    thing, own = PushedObject(), PushedPicture()
    shots = [own] if kind == "image" else []
    for key in reader.members():
        name = _plain(key)
        if name == "subimagelist" and kind != "image":
            shots += [_sub_image(reader) for _ in _entries(reader, "subimageinfo")]
        elif name == "imageinfo" and kind == "image":
            for inner in reader.members():
                _describe(reader, _plain(inner), thing, own, kind)
        else:
            _describe(reader, name, thing, own, kind)
    for shot in shots:
        shot.times = own.times | shot.times
        shot.event = own.event if shot.event is None else shot.event
        _sort_out(thing, shot, as_image=kind == "image")
    return thing


def _sub_image(reader: JsonReader) -> PushedPicture:
    shot, unused = PushedPicture(), PushedObject()
    for key in reader.members():
        _describe(reader, _plain(key), unused, shot, "")
    return shot


def _describe(reader: JsonReader, name: str, thing: PushedObject, shot: PushedPicture, kind: str) -> None:
    """Takes over one member, if it is on the list."""
    if name == f"{kind}id":
        thing.id = reader.text()[:_MAX_ID]
    elif name == "deviceid":
        thing.device_id = reader.text()[:_MAX_ID]
    elif name == "type":
        shot.kind = _code(reader.text())
    elif name == "eventsort":
        shot.event = _code(reader.text())
    elif name in _TIMES:
        shot.times[name] = reader.text()
    elif name == "data":
        shot.data = reader.raw()


def _sort_out(thing: PushedObject, shot: PushedPicture, *, as_image: bool) -> None:
    if not is_taken(shot.kind, shot.event, as_image=as_image):
        thing.dropped += 1
    elif not shot.data:
        thing.without_data += 1
    else:
        thing.taken.append(shot)


def _plain(key: str) -> str:
    return key.lower().removesuffix("object")


def _code(text: str) -> int | None:
    """Reads a number that may be a string, or have gone through a float; None when it is empty, -1 for no number."""
    text = text.removesuffix(".0")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def parse_local_time(text: str) -> int | None:
    """Returns the Unix milliseconds of yyyyMMddHHmmss, of the same with milliseconds, or of just such a number.

    None for anything else.
    """
    if _EPOCH_MS.fullmatch(text):
        return int(text)
    found = _LOCAL.fullmatch(text)
    if found is None:
        return None
    try:
        local = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=ZONE)
    except ValueError:  # no such day or hour
        return None
    return max(0, round(local.timestamp()) * 1000 + int(found[2] or 0)) if local.year > 1970 else None


def write_local_time(now_ms: int) -> str:
    """Writes local time as yyyyMMddHHmmss: no zone, the contract's offset holds."""
    return datetime.fromtimestamp(now_ms // 1000, ZONE).strftime("%Y%m%d%H%M%S")
