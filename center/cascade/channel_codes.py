"""Gives cameras and districts their 20-digit codes: those of the configuration, else made from our own id and kept.

A made code is the place, industry and network digit of `own_id`, the type (132 camera, 216 district, 215 the group of
all districts) and the next free number of six digits. It is written down at once and stays, whatever comes and goes,
unless the configuration assigns it to another. It is the same for all superiors whose `own_id` is of the same place:
they may have a superior in common.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.cascade.errors import CodesSpentError
from center.cascade.tables import CascadeCodeRecord

_MOST: Final = 999_999


class CodeKind(StrEnum):
    """Kind of a node that has a code."""

    CAMERA = "camera"
    DISTRICT = "district"
    GROUP = "group"


_TYPES: Final = {CodeKind.CAMERA: "132", CodeKind.DISTRICT: "216", CodeKind.GROUP: "215"}


def made(own_id: str, kind: CodeKind, number: int) -> str:
    """Makes a code from our own id."""
    return f"{own_id[:10]}{_TYPES[kind]}{own_id[13]}{number:06d}"


def codes_of(
    session: Session, own_id: str, kind: CodeKind, subjects: Iterable[str], assigned: Mapping[str, str]
) -> dict[str, str]:
    """Returns the code of each subject; makes and stores the missing ones, in the caller's transaction.

    Raises:
        CodesSpentError: all numbers are in use.
    """
    table, place = CascadeCodeRecord, own_id[:10] + own_id[13]
    rows = session.execute(select(table.subject, table.code).where(table.place == place, table.kind == kind.value))
    kept = {row.subject: row.code for row in rows}
    given = {*assigned.values()}
    taken = {*kept.values(), *assigned.values()}
    found = {}
    number = len(kept)
    for subject in subjects:
        code = assigned.get(subject) or kept.get(subject)
        if code is None or (code in given and subject not in assigned):
            number += 1
            while number <= _MOST and made(own_id, kind, number) in taken:
                number += 1
            if number > _MOST:
                raise CodesSpentError(kind=_TYPES[kind], own_id=own_id)
            code = made(own_id, kind, number)
            taken.add(code)
            session.merge(table(place=place, kind=kind.value, subject=subject, code=code))
        found[subject] = code
    return found
