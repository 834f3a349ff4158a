"""What is read out of a body, in every spelling that devices have; and what is not, wherever it stands."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.viid import bodies
from edge_agent.viid.json_reader import MalformedBodyError
from tests.edge_agent.viid.device import DEVICE, sub_image, two_wheeler

PICTURE = b"\xff\xd8\xffa picture"
DATA = base64.b64encode(PICTURE).decode()
SHOT = {"Type": "12", "ShotTime": "20261124214001", "Data": DATA}
AT_MS = 1_795_527_601_000
"""2026-11-24 21:40:01 at +08:00."""


def parse(value: Any) -> bodies.PushBody:
    return bodies.parse(json.dumps(value, ensure_ascii=False).encode())


def only(value: Any) -> bodies.PushedObject:
    (thing,) = parse(value).things
    return thing


def test_a_two_wheeler() -> None:
    thing = only(two_wheeler(sub_image(PICTURE, "12", ShotTime="20261124214001")))
    (shot,) = thing.taken
    assert thing.device_id == DEVICE
    assert len(thing.id) == 48
    assert (shot.kind, shot.event, shot.shot_at_ms()) == (12, 12, AT_MS)
    assert bytes(shot.data) == DATA.encode()


def nested(outer: str, inner: str, images: str = "SubImageList", image: str = "SubImageInfoObject") -> Any:
    return {outer: {inner: [{"DeviceID": DEVICE, images: {image: [SHOT]}}]}}


@pytest.mark.parametrize(
    "body",
    [
        nested("NonMotorVehicleListObject", "NonMotorVehicleObject"),
        nested("NonMotorVehicleList", "NonMotorVehicle"),
        nested("nonMotorVehicleListObject", "nonMotorVehicleObject", "subImageList", "subImageInfoObject"),
        nested("NONMOTORVEHICLELISTOBJECT", "NONMOTORVEHICLEOBJECT", "SUBIMAGELIST", "SUBIMAGEINFO"),
        nested("MotorVehicleListObject", "MotorVehicleObject"),
        nested("MotorVehicleList", "MotorVehicleObject", "SubImageListObject"),
        nested("SceneListObject", "SceneObject"),
        {"ImageListObject": {"Image": [{"ImageInfo": {"DeviceID": DEVICE, **SHOT}, "Data": DATA}]}},
        {"imageListObject": {"imageObject": [{"imageInfo": {"deviceID": DEVICE, **SHOT}}]}},
        {"ImageList": {"Image": {"DeviceID": DEVICE, "ShotTime": "20261124214001", "Data": DATA}}},
        {"SceneListObject": [{"DeviceID": DEVICE, "SubImageList": [SHOT]}]},
        {"SceneListObject": {"SceneObject": {"DeviceID": DEVICE, "SubImageList": {"SubImageInfoObject": SHOT}}}},
    ],
)
def test_every_spelling_of_the_lists(body: Any) -> None:
    thing = only(body)
    (shot,) = thing.taken
    assert thing.device_id == DEVICE
    assert shot.shot_at_ms() == AT_MS
    assert bytes(shot.data).decode() == DATA


@pytest.mark.parametrize("written", ["12", 12, "012", 12.0, " 12 "])
def test_a_type_may_be_a_number_or_a_string(written: object) -> None:
    assert len(only(two_wheeler(sub_image(PICTURE, written))).taken) == 1


@pytest.mark.parametrize("nothing", [None, "", [], {}, True])
def test_null_and_other_things_in_place_of_anything(nothing: object) -> None:
    thing = only(
        two_wheeler(
            sub_image(PICTURE, "12", ShotTime=nothing, EventSort=nothing),
            sub_image(None, "12", Data=nothing),
            NonMotorVehicleID=nothing,
            DeviceID=nothing,
            PassTime=nothing,
        )
    )
    assert thing.taken[0].shot_at_ms() is None
    assert len(thing.taken) + thing.without_data == 2


@pytest.mark.parametrize(
    "nothing", [None, "", 0, [], {}, {"NonMotorVehicleObject": None}, {"NonMotorVehicleObject": [1]}]
)
def test_a_list_that_is_none(nothing: object) -> None:
    assert [thing.taken for thing in parse({"NonMotorVehicleListObject": nothing}).things] in ([], [[]])


TAKEN, DROPPED = (1, 9, 12, 14), (2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 15, 99, 100, "x", "", None, -1)


@pytest.mark.parametrize("kind", TAKEN)
def test_these_types_are_taken(kind: int) -> None:
    assert len(only(two_wheeler(sub_image(PICTURE, f"{kind:02}"))).taken) == 1


@pytest.mark.parametrize("kind", DROPPED)
def test_all_others_are_dropped_undecoded(kind: object) -> None:
    thing = only(two_wheeler(sub_image(PICTURE, kind)))
    assert (thing.taken, thing.dropped) == ([], 1)


def test_a_vehicles_picture_that_does_not_say_what_it_is_is_dropped() -> None:
    image = sub_image(PICTURE)
    del image["Type"]
    assert only(two_wheeler(image)).dropped == 1


@pytest.mark.parametrize(("kind", "taken"), [(None, True), ("100", True), ("14", True), ("11", False), ("x", False)])
def test_an_image_may_have_no_type_or_be_general(kind: str | None, *, taken: bool) -> None:
    info = {"ImageID": "i", "DeviceID": DEVICE} | ({} if kind is None else {"Type": kind})
    thing = only({"ImageListObject": {"Image": [{"ImageInfo": info, "Data": DATA}]}})
    assert (len(thing.taken), thing.dropped) == ((1, 0) if taken else (0, 1))
    assert thing.id == "i"


@pytest.mark.parametrize("event", [2, 8, 10, 22, "10"])
def test_events_of_persons_are_dropped_whatever_their_type(event: object) -> None:
    assert only(two_wheeler(sub_image(PICTURE, "14", EventSort=event))).dropped == 1
    assert only(two_wheeler(sub_image(PICTURE, "14", EventSort=None), EventSort=event)).dropped == 1
    image = {"ImageInfo": {"EventSort": event}, "Data": DATA}
    assert only({"ImageListObject": {"Image": [image]}}).dropped == 1


@pytest.mark.parametrize("event", [None, 1, 12, 16, 629, 634])
def test_other_events_are_not(event: object) -> None:
    assert len(only(two_wheeler(sub_image(PICTURE, "12", EventSort=event))).taken) == 1


@given(st.none() | st.integers(-5, 1000), st.none() | st.integers(-5, 1000))
def test_the_list_is_short(kind: int | None, event: int | None) -> None:
    taken = bodies.is_taken(kind, event, as_image=False)
    assert taken == (kind in {1, 9, 12, 14} and event not in {2, 8, 10, 22})
    assert bodies.is_taken(kind, event, as_image=True) == (
        taken or (kind in {None, 100} and event not in {2, 8, 10, 22})
    )


def test_lists_of_faces_and_persons_are_stepped_over_wherever_they_stand() -> None:
    face = {"FaceObject": [{"FaceID": "f", "SubImageList": {"SubImageInfoObject": [SHOT]}}]}
    image = {
        "ImageInfo": {"ImageID": "i"},
        "Data": DATA,
        "FaceList": face,
        "PersonList": face,
        "MotorVehicleList": face,
    }
    body = {
        "FaceListObject": face,
        "PersonListObject": {"PersonObject": [SHOT]},
        "ImageListObject": {"Image": [image]},
        "NonMotorVehicleListObject": {
            "NonMotorVehicleObject": [
                {"PersonInfoList": face, "RelatedList": face, "FaceID": "f", "SubImageList": [SHOT]}
            ]
        },
    }
    parsed = parse(body)
    assert parsed.dropped == 2
    assert [len(thing.taken) for thing in parsed.things] == [1, 1]


def test_what_is_inside_an_image_is_not_read_as_one() -> None:
    inner = {"SubImageInfoObject": [SHOT]}
    image = {"ImageInfo": {"ImageID": "i"}, "SubImageList": inner, "NonMotorVehicleList": {"SubImageList": inner}}
    thing = only({"ImageListObject": {"Image": [image]}})
    assert (thing.taken, thing.without_data) == ([], 1)


def test_no_word_of_a_plate_is_in_what_comes_out() -> None:
    secret = "苏A12345"
    plate = {"HasPlate": "1", "PlateNo": secret, "PlateNoAttach": secret, "PlateDescribe": secret}
    parsed = parse(two_wheeler(sub_image(PICTURE, "12", Title=secret), **plate, PlateCharReliability="苏-80,A-90"))
    assert secret not in repr(parsed)
    assert "80" not in repr(parsed)
    assert len(parsed.things[0].taken) == 1


def test_a_picture_that_is_only_named_by_an_address() -> None:
    thing = only(two_wheeler(sub_image(None, "12", StoragePath="http://192.0.2.9/a.jpg")))
    assert (thing.taken, thing.without_data) == ([], 1)


def test_scene_and_crop_with_one_id_are_two_pictures() -> None:
    scene, crop = sub_image(b"\xff\xd8\xff1", "14"), sub_image(b"\xff\xd8\xff2", "12")
    assert scene["ImageID"] == crop["ImageID"]
    assert [shot.kind for shot in only(two_wheeler(scene, crop)).taken] == [14, 12]


@pytest.mark.parametrize("length", [0, 1, 20, 47, 48, 300])
def test_ids_of_any_length(length: int) -> None:
    thing = only(two_wheeler(sub_image(PICTURE), NonMotorVehicleID="7" * length, DeviceID=f"{DEVICE}01"))
    assert thing.id == "7" * min(length, 64)
    assert thing.device_id == f"{DEVICE}01"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20261124214001", AT_MS),
        ("20261124214001123", AT_MS + 123),
        (str(AT_MS), AT_MS),
        (AT_MS, AT_MS),
        (20261124214001, AT_MS),
        ("20261324214001", None),
        ("2026-11-24 21:40:01", None),
        ("202611242140", None),
        ("", None),
        (None, None),
        ("99999999999999", None),
        ("00000000000000", None),
    ],
)
def test_times(written: object, expected: int | None) -> None:
    assert only(two_wheeler(sub_image(PICTURE, ShotTime=written))).taken[0].shot_at_ms() == expected


def test_the_objects_time_stands_in_for_the_pictures() -> None:
    image = sub_image(PICTURE, ShotTime="broken")
    thing = only(two_wheeler(image, AppearTime="20261124214001", MarkTime="20261124214009"))
    assert thing.taken[0].shot_at_ms() == AT_MS
    thing = only(two_wheeler(image, PassTime="20261124214002", AppearTime="20261124214001"))
    assert thing.taken[0].shot_at_ms() == AT_MS + 1000


@given(st.datetimes(datetime(1971, 1, 2), datetime(2100, 1, 1)))  # noqa: DTZ001 - local time, as it is written
def test_times_are_read_as_they_are_written(local: datetime) -> None:
    at_ms = int(local.replace(microsecond=0, tzinfo=timezone(timedelta(hours=8))).timestamp()) * 1000
    assert bodies.parse_local_time(local.strftime("%Y%m%d%H%M%S").zfill(14)) == at_ms
    assert bodies.write_local_time(at_ms) == local.strftime("%Y%m%d%H%M%S").zfill(14)
    assert datetime.fromtimestamp(at_ms / 1000, UTC).year < 2101


@given(st.text(max_size=20) | st.text("0123456789", max_size=20) | st.text("0123456789٣", min_size=14, max_size=14))
def test_any_time(text: str) -> None:
    parsed = bodies.parse_local_time(text)
    assert parsed is None or 0 <= parsed < 10**15


@pytest.mark.parametrize(
    ("body", "within", "expected"),
    [
        (b'{"RegisterObject":{"DeviceID":"34020000001190000001"}}', "register", DEVICE),
        (b'{"registerObject":{"deviceID":34020000001190000001}}', "register", DEVICE),
        (b'{"KeepaliveObject":{"DeviceID":"34020000001190000001","x":[1]}}', "keepalive", DEVICE),
        (b'{"DeviceID":"34020000001190000001"}', "keepalive", DEVICE),
        (b'{"RegisterObject":{"DeviceID":"34020000001190000001"}}', "keepalive", ""),
        (b"", "keepalive", ""),
        (b"  ", "keepalive", ""),
        (b"[]", "register", ""),
    ],
)
def test_who_a_session_is_of(body: bytes, within: str, expected: str) -> None:
    assert bodies.device_id(body, within) == expected


KEYS = [
    "MotorVehicleListObject",
    "MotorVehicleObject",
    "SubImageList",
    "SubImageInfoObject",
    "ImageListObject",
    "Image",
]
KEYS += ["ImageInfo", "Type", "EventSort", "ShotTime", "DeviceID", "Data", "FaceList", "x"]
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=20) | st.just(DATA),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES, keep=st.floats(0, 1), edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=3))
def test_any_body(value: Any, keep: float, edits: list[tuple[float, int]]) -> None:
    data = bytearray(json.dumps(value).encode())
    for place, byte in edits:
        data[int(place * (len(data) - 1))] = byte
    data = data[: max(1, round(len(data) * keep))]
    try:
        parsed = bodies.parse(data)
    except MalformedBodyError:
        return
    for thing in parsed.things:
        for shot in thing.taken:
            assert shot.data
            assert shot.shot_at_ms() is None or isinstance(shot.shot_at_ms(), int)
