"""E-bike plates drawn over the plates of two-wheelers in photographed traffic."""

from itertools import islice

import numpy as np
import pytest

from bench.evaluation.machine_pictures import drawn
from bench.evaluation.traffic import DESIGNS, LINES, ebikes
from edge_agent.evaluation.labels import LabelKind


@pytest.mark.network
def test_each_plate_of_a_two_wheeler_is_drawn_over_at_each_height_and_in_each_colour() -> None:
    (entry,) = islice((one for one in drawn()["pictures"] if "two_wheeler_plates" in one), 1)
    shown = list(islice(ebikes(), len(LINES) * len(DESIGNS)))
    assert [image.shape[0] for _, image, _ in shown] == [720, 720, 1080, 1080]
    (_, white, objects), (_, green, _) = shown[:2]
    plates = [one.box for one in objects if one.kind is LabelKind.EBIKE_PLATE]
    assert len(plates) == len(entry["two_wheeler_plates"])
    differs = (white != green).any(axis=2)
    for x0, y0, x1, y1 in plates:
        assert differs[round(y0) : round(y1), round(x0) : round(x1)].mean() > 0.5
    inked = np.zeros_like(differs)
    for x0, y0, x1, y1 in plates:
        inked[int(y0) - 1 : int(y1) + 2, int(x0) - 1 : int(x1) + 2] = True
    assert not (differs & ~inked).any()
