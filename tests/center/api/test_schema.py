"""Schemathesis asks every route of the OpenAPI document what nobody foresaw, as whoever may all, little and nothing.

Whatever is asked, the answer is one that the document names, of the shape that it names, and never a fault of ours.
The first example of each route is asked by everybody, the others by who may all and one of the rest in turn; every
second one is about things that are there.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from itertools import chain, cycle
from typing import Any, Final

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as said

from tests.center.shared_api import api
from tests.center.street import AGENT
from tests.center.whole import ADMINISTRATOR, DISTRICT, NOBODY, SPARE, TECHNICIAN, Whole, ordered, whole_centre
from tests.support.waiting import LONG_S

CHECKS: Final = [
    not_a_server_error,
    said.status_code_conformance,
    said.content_type_conformance,
    said.response_headers_conformance,
    said.negative_data_rejection,
]
ENDLESS: Final = "/alarms/stream"
"""Never ends; tests/center/alarms/test_alarm_stream.py asks it."""
EXAMPLES: Final = 5
"""Of each kind, valid and not."""
OF_ANYBODY: Final = {"signed_in", "account.own"}


def _asked() -> Iterator[tuple[str, str, GenerationMode]]:
    """Every operation with valid requests, and with invalid ones where there is something to get wrong."""
    for path, operations in api().openapi()["paths"].items():
        for method, operation in operations.items():
            if path != ENDLESS:
                yield method, path, GenerationMode.POSITIVE
                if operation.get("parameters") or "requestBody" in operation:
                    yield method, path, GenerationMode.NEGATIVE


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as centre:
        yield centre


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """A connection that is kept, and keeps no cookie."""
    with requests.Session() as kept:
        kept.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        yield kept


@pytest.fixture(scope="module")
def schema(whole: Whole) -> BaseSchema:
    config = schemathesis.Config.from_dict(
        {"generation": {"with-security-parameters": False}, "request-timeout": LONG_S}
    )
    address = f"{whole.url}/api/openapi.json"
    return schemathesis.openapi.from_url(address, headers=whole.cookie(ADMINISTRATOR), config=config)


@pytest.fixture(scope="module")
def known(whole: Whole) -> dict[str, Sequence[object]]:
    """What there is, by the name of the parameter that asks for it."""
    (export,) = whole.exports
    with whole.browser(ADMINISTRATOR) as browser:
        job = ordered(browser, whole.services, "cam-2")
    return {
        "job_id": [job],
        "row_key": whole.row_keys,
        "agent_id": [AGENT],
        "camera_id": ["cam-1", "cam-2"],
        "rule_id": [1],
        "version": [1],
        "alarm_id": [1],
        "index": [0],
        "number": [1],
        "username": [SPARE],
        "district_id": [DISTRICT],
        "export_id": [export],
        "period": ["2026-11", "2026-11-24", "2026-11-24T13"],
    }


@pytest.mark.parametrize(("method", "path", "mode"), tuple(_asked()), ids=str)
def test_a_route_answers_as_it_is_documented(
    schema: BaseSchema,
    session: requests.Session,
    whole: Whole,
    known: Mapping[str, Sequence[object]],
    method: str,
    path: str,
    mode: GenerationMode,
) -> None:
    operation = schema[path][method]
    permission = operation.definition.raw.get("x-permission")
    # What makes a request invalid stays as it is.
    some = known if mode is GenerationMode.POSITIVE else {}
    there = {name: st.sampled_from([None, *values]) for name, values in some.items()}
    others = (None, NOBODY, TECHNICIAN)
    turns = chain([others], cycle((each,) for each in others))

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode), about=st.fixed_dictionaries(there))
    def ask(case: Case[Any], about: dict[str, object]) -> None:
        for place in (case.path_parameters or {}, case.query or {}):
            place.update({name: value for name, value in about.items() if name in place and value is not None})
        for who in (*next(turns), ADMINISTRATOR):
            answer = case.call(session=session, headers={} if who is None else whole.cookie(who))
            case.validate_response(answer, checks=CHECKS if who == ADMINISTRATOR else CHECKS[:-1])
            _check_shape(operation, answer)
            if permission is not None and who is None:
                assert answer.status_code in {401, 403, 404, 413}, answer.text
            elif permission is not None and who == NOBODY and permission not in OF_ANYBODY:
                assert answer.status_code in {403, 404, 413}, answer.text

    ask()


@functools.cache
def _judge(named: str) -> jsonschema_rs.Draft202012Validator:
    """Compiles one schema of the document; a problem's is that of hundreds of answers."""
    return jsonschema_rs.Draft202012Validator({**json.loads(named), "components": api().openapi()["components"]})


def _check_shape(operation: APIOperation[Any, Any, Any, Any], answer: Response) -> None:
    """As `response_schema_conformance`, which in version 4.32 takes no nested `prefixItems`."""
    responses = operation.schema.raw_schema["paths"][operation.path][operation.method]["responses"]
    named = responses.get(str(answer.status_code), {}).get("content", {}).get("application/json", {}).get("schema")
    if named is not None:
        judge = _judge(json.dumps(named))
        assert judge.is_valid(answer.json()), f"{answer.text}: {next(judge.iter_errors(answer.json()))}"
