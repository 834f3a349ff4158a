"""The OpenAPI document is enough to generate a client from: everything has a name, a type and a text."""

import re
from collections.abc import Iterator
from typing import Any

from tests.center.shared_api import api

DOCUMENT = api().openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_has_a_name_of_its_own_a_known_tag_and_a_text() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    lacking = [
        where
        for where, operation in operations()
        if not operation.get("description")
        or len(operation.get("tags", ())) != 1
        or operation["tags"][0] not in tags
        or re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]) is None
    ]
    assert lacking == []


def test_whatever_is_answered_has_a_schema_and_every_error_its_codes() -> None:
    for where, operation in operations():
        for status, response in operation["responses"].items():
            for kind, content in response.get("content", {}).items():
                assert content.get("schema"), (where, status, kind)
            if status >= "4":
                assert response["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert response["x-codes"], (where, status)
                assert response["description"] == " or ".join(f"`{code}`" for code in response["x-codes"])
                timed = {"query_busy", "locked_out"} & set(response["x-codes"])
                assert ("Retry-After" in response.get("headers", {})) is bool(timed), (where, status)


def test_a_cursor_goes_back_as_it_came() -> None:
    paged = set()
    for where, operation in operations():
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        fields = SCHEMAS.get(answer.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        if "next_cursor" in fields:
            paged.add(where)
            (cursor,) = (each for each in operation["parameters"] if each["name"] == "cursor")
            given = {each.get("type") for each in fields["next_cursor"]["anyOf"]}
            assert {each.get("type") for each in cursor["schema"]["anyOf"]} == given == {"string", "null"}, where
            assert set(fields) == {"items", "next_cursor"}, where
    assert {"get /alarms", "get /observations", "get /rules", "get /assessment/cameras"} <= paged


def test_what_a_reference_names_is_there_and_the_stream_says_what_it_sends() -> None:
    referred = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert referred - SCHEMAS.keys() == set()
    assert SCHEMAS.keys() - referred == set()
    assert "AlarmPush" in referred


def test_a_docstring_behind_an_attribute_is_its_description() -> None:
    assert SCHEMAS["PlacedCameraView"]["properties"]["since_ms"]["description"] == "Time at which this state began."
    (area,) = (each for each in DOCUMENT["paths"]["/observations"]["get"]["parameters"] if each["name"] == "area")
    assert area["description"].startswith("Polygon; ")
