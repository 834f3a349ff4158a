"""Thefts by hour, weekday and place: counts of the cases that an account sees."""

from typing import Any

import pytest

from center.access.permissions import Role
from center.access.users import GrantRequest
from center.cases.terms import Theft
from center.cases.thefts import count_thefts
from provisioning.contracts.wire.messages import MachineClass
from tests.center.cases.conftest import HOUR_MS, Street, terms
from tests.center.conftest import PASSWORD
from tests.center.street import AGENT, NOW_MS

MONDAY_8_MS = 1_764_547_200_000
"""2025-12-01 08:00 +08:00."""


def theft(hours: int = 0, **place: float) -> Theft:
    return Theft(at_ms=MONDAY_8_MS + hours * HOUR_MS, **({"latitude": 30.0, "longitude": 120.0} | place))


def test_thefts_are_counted_by_hour_of_the_archives_zone_weekday_and_cell() -> None:
    found = count_thefts([theft(), theft(24), theft(24, latitude=30.001), theft(-9, latitude=30.02)])
    assert found.cases == 4
    assert found.week == {8: 1, 24 + 8: 2, 6 * 24 + 23: 1}
    assert (found.hours[8], found.hours[23], sum(found.hours)) == (3, 1, 4)
    assert found.weekdays == (1, 2, 0, 0, 0, 0, 1)
    assert [(cell.latitude, cell.longitude, cell.cases) for cell in found.cells] == [
        (30.0, 120.0, 3),
        (30.02, 120.0, 1),
    ]


def test_no_theft_is_no_count() -> None:
    assert count_thefts([]).model_dump() == {"cases": 0, "week": {}, "cells": ()}


@pytest.mark.anyio
async def test_an_account_counts_the_cases_that_it_sees_in_the_span_and_of_the_classes(street: Street) -> None:
    stolen = {"latitude": 30.27, "longitude": 120.15}
    cases: dict[str, dict[str, Any]] = {
        "here": terms(theft={"at_ms": NOW_MS - HOUR_MS, **stolen}),
        "long-ago": terms(theft={"at_ms": NOW_MS - 99 * HOUR_MS, **stolen}),
        "car": terms(cls="car", theft={"at_ms": NOW_MS - HOUR_MS, **stolen}),
        "nowhere": terms(),
        "elsewhere": terms(districts=[], cameras=[f"{AGENT}/cam-9"], theft={"at_ms": NOW_MS - HOUR_MS, **stolen}),
    }
    async with street.as_("ana") as ana:
        for number, each in cases.items():
            answer = await ana.post("/api/cases", json={"number": number, "terms": each})
            assert answer.status_code == 201, answer.text
    street.account("nora", GrantRequest(Role.ANALYST, district_id="north"))
    book = street.world.services.cases.book
    auth = street.world.services.auth
    tickets = [auth.login(username=name, password=PASSWORD, source="127.0.0.1") for name in ("ana", "nora")]
    everywhere, north = (auth.identify(ticket.token) for ticket in tickets)
    every = tuple(MachineClass)
    assert len(book.thefts(everywhere, from_ms=0, classes=every)) == 4
    assert len(book.thefts(north, from_ms=0, classes=every)) == 3
    assert len(book.thefts(north, from_ms=NOW_MS - 2 * HOUR_MS, classes=every)) == 2
    assert len(book.thefts(north, from_ms=NOW_MS - 2 * HOUR_MS, classes=(MachineClass.MOTORCYCLE,))) == 1
