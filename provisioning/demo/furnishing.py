"""Furnishes the demo's centre by its API, as its users would: districts, accounts, alarm rules, an approved case.

Each function is a generator that yields where it waits, so that the caller can watch the processes meanwhile.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from provisioning.contracts.config.processes import read_secret
from provisioning.demo import district
from provisioning.demo.centre import Centre, ListedMachine, ListedObservation
from provisioning.demo.state import DemoFolder
from provisioning.demo.web import WebClient
from provisioning.errors import DemoError
from provisioning.files import durable

ACCOUNTS_FILE: Final = "accounts"
_WANTED_SIGHTINGS: Final = 2
_LEAST_LIKENESS: Final = 0.8
_STEPS_BETWEEN_LOOKS: Final = 5
_PATIENCE_S: Final = 300.0
"""For pictures of the sought machine by other cameras; then the case has the sightings that there are."""


class Furnishing:
    """Enters what a centre has after its first weeks. What an earlier demo entered stays as it is."""

    def __init__(self, state: DemoFolder, centre: Centre, say: Callable[[str], None]) -> None:
        self._state = state
        self._centre = centre
        self._site = centre.site
        self._say = say

    def enter(self) -> Iterator[None]:
        """Enters districts, accounts and rules, then the case.

        Raises:
            WebError: the centre refuses something.
        """
        if any(each["district_id"] in district.DISTRICTS for each in self._site.get_json("/api/districts")):
            self._say("districts, accounts, rules and the case are those of the demo that is kept")
            return
        self._districts()
        yield
        file = self._accounts()
        people = ", ".join(f"{name} ({role}, {place or 'everywhere'})" for name, role, place in district.ACCOUNTS)
        self._say(f"accounts: {people}; passwords in {file}")
        yield
        for rule in district.rules():
            self._switch_on(rule)
            yield
        self._say("three alarm rules are switched on")
        yield from self._case()

    def _districts(self) -> None:
        for district_id, (name, outline) in district.DISTRICTS.items():
            self._site.post("/api/districts", {"district_id": district_id, "name": name})
            cameras = [
                {"agent_id": each.agent, "camera_id": each.id}
                for each in district.PLACED
                if each.district == district_id
            ]
            self._site.put(f"/api/districts/{district_id}/cameras", cameras)
            self._site.put(
                "/api/assessment/districts", {"name": name, "region": district.REGION, "outline": [*map(list, outline)]}
            )
        self._site.post("/api/assessment/register", district.register_csv())

    def _accounts(self) -> object:
        lines = []
        for name, role, place in district.ACCOUNTS:
            password = read_secret(self._state.new_secret(f"{name}-password"))
            self._site.post(
                "/api/users",
                {"username": name, "password": password, "grants": [{"role": role, "district_id": place}]},
            )
            lines.append(f"{name} {password}")
        return durable.write(self._state.secret(ACCOUNTS_FILE), ("\n".join(lines) + "\n").encode())

    def _switch_on(self, text: dict[str, Any]) -> None:
        rule = _read(self._site, "/api/rules", text)
        path = f"/api/rules/{rule['id']}"
        self._site.post(f"{path}/versions/{rule['version']}/preview", {})
        self._site.post(f"{path}/on", {"version": rule["version"], "unseen": True})

    def _case(self) -> Iterator[None]:
        sought = self._largest_car()
        while sought is None:
            yield from _steps()
            sought = self._largest_car()
        analyst, supervisor = self._session(district.ANALYST), self._session(district.SUPERVISOR)
        path = f"/api/cases/{district.CASE}"
        terms = district.case_terms(time.time_ns() // 1_000_000)
        case = _read(analyst, "/api/cases", {"number": district.CASE, "terms": terms})["case"]
        case = _read(analyst, f"{path}/request", {"version": case["version"]})["case"]
        _read(supervisor, f"{path}/approve", {"version": case["version"], "comment": "demo"})
        seen, index = sought
        _read(analyst, f"{path}/sought", {"row_key": seen.row_key, "index": index})
        yield
        until_s = time.monotonic() + _PATIENCE_S
        chosen: list[dict[str, Any]] = []
        # The crossing sees its own car again and again: its pictures alone would fill the list of candidates.
        places = [each for each in district.PLACED if each.district in terms["districts"]]
        elsewhere = [each.source for each in places if each is not district.CROSSING]
        while len(chosen) < _WANTED_SIGHTINGS and time.monotonic() < until_s:
            _read(analyst, f"{path}/search", {"cameras": elsewhere})
            candidates = analyst.get_json(f"{path}/candidates")["items"]
            chosen = _elsewhere(candidates)
            yield from _steps()
        for machine in chosen:
            analyst.put(f"{path}/machines/{machine['row_key']}/{machine['index']}", {"verdict": "confirmed"})
        _read(analyst, f"{path}/search", {})
        self._say(f"case {district.CASE} is approved, with {len(chosen)} confirmed sightings")

    def _largest_car(self) -> tuple[ListedObservation, int] | None:
        """Returns the largest car of the newest pictures of the crossing, with its index; None before the first."""
        query: list[tuple[str, str | int]] = [("camera_id", district.CROSSING.id), ("limit", 20)]
        cars = [
            (_area(machine), seen, index)
            for seen in self._centre.page(query)
            for index, machine in enumerate(seen.machines)
            if machine.cls.value == "car"
        ]
        if not cars:
            return None
        _, seen, index = max(cars, key=lambda car: car[0])
        return seen, index

    def _session(self, username: str) -> WebClient:
        session = WebClient(self._site.url)
        password = read_secret(self._state.secret(f"{username}-password"))
        session.post("/api/login", {"username": username, "password": password})
        return session


def _steps() -> Iterator[None]:
    """Yields some steps of the caller: each look at the archive is an entry in the audit."""
    for _ in range(_STEPS_BETWEEN_LOOKS):
        yield


def _read(site: WebClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = site.post_json(path, body)
    if not isinstance(answer, dict):
        raise DemoError(f"{site.url}{path}: the answer is no object")
    return answer


def _area(machine: ListedMachine) -> float:
    box = machine.box
    return float((box.x1 - box.x0) * (box.y1 - box.y0))


def _elsewhere(candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the most similar machines that other cameras have seen, one of each camera."""
    best: dict[str, dict[str, Any]] = {}
    for candidate in sorted(candidates, key=lambda each: each["score"]["likeness"], reverse=True):
        machine = candidate["machine"]
        if candidate["score"]["likeness"] >= _LEAST_LIKENESS and machine["camera_id"] != district.CROSSING.id:
            best.setdefault(machine["camera_id"], machine)
    return list(best.values())[:_WANTED_SIGHTINGS]
