"""Decides which pictures are taken. What is not on the list is answered as accepted, left unread and counted.

An unknown code is not on the list either.
"""

from typing import Final

TAKEN_TYPES: Final = frozenset({1, 9, 12, 14})
"""01 vehicle scene, 09 vehicle close-up, 12 two-wheeler, 14 scene. Not taken: 02 and 03 plates, 04 and 05 the people in
a car, 06 logos, 07 and 08 compositions with text and close-ups, 10 person, 11 face, 13 things, 100 general."""
GENERAL: Final = 100
_UNSAID: Final = frozenset({None, GENERAL})
_PERSON_EVENTS: Final = frozenset({2, 8, 10, 22})
"""EventSort: person passing, pedestrian, face, loitering."""


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
