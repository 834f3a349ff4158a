"""A picture that a device pushed leaves only if it shows a machine; its row goes in any case (docs/boundary.md)."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pytest

from edge_agent.errors import RedactionUnavailable
from edge_agent.frames import SelectReason
from engines.errors import InferenceFailed
from engines.runtimes.engine import Tensor
from provisioning.contracts.wire.messages import MachineClass, PictureState
from tests.edge_agent.redacting import Answer, NoTinyFaces, blind_nanodet, detectors, one_bus, picture, redact

PUSHED = SelectReason.PUSHED


def _broken(_inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    raise InferenceFailed("nanodet-g-416", "the runtime gave up")


def _doubtful_bus(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    outputs = one_bus(inputs)
    np.minimum(outputs["class_32"][..., 5], 0.39, out=outputs["class_32"][..., 5])
    return outputs


def test_a_picture_with_a_machine_goes() -> None:
    redacted = redact(detectors(NoTinyFaces(), nanodet=one_bus), reason=PUSHED)
    assert redacted.snapshot.picture.state is PictureState.KEPT
    assert redacted.picture


@pytest.mark.parametrize("nanodet", [blind_nanodet, _doubtful_bus])
def test_a_picture_without_a_machine_is_withheld_and_its_row_goes(nanodet: Answer) -> None:
    redacted = redact(detectors(NoTinyFaces(), nanodet=nanodet), reason=PUSHED)
    told = redacted.snapshot.picture
    assert redacted.picture == b""
    assert (told.state, told.bytes, told.sha256) == (PictureState.WITHHELD, 0, hashlib.sha256(b"").hexdigest())
    assert (told.width, told.height) == (320, 200)
    assert redacted.snapshot.machines == ()


@pytest.mark.parametrize(("width", "height"), [(320, 127), (127, 320)])
def test_a_crop_of_a_thing_is_withheld_whatever_it_shows(width: int, height: int) -> None:
    redacted = redact(detectors(NoTinyFaces(), nanodet=one_bus), image=picture(width, height), reason=PUSHED)
    assert redacted.picture == b""
    assert redacted.snapshot.picture.state is PictureState.WITHHELD
    assert [machine.cls for machine in redacted.snapshot.machines] == [MachineClass.BUS], "the row says what was seen"
    assert redacted.snapshot.people == 1
    assert redacted.snapshot.redaction.regions, "and where cover would have been"


def test_of_a_camera_that_is_watched_nothing_is_withheld() -> None:
    for reason in set(SelectReason) - {PUSHED}:
        assert redact(detectors(NoTinyFaces()), image=picture(320, 100), reason=reason).picture


def test_a_model_that_fails_withholds_even_the_row() -> None:
    with pytest.raises(RedactionUnavailable):
        redact(detectors(NoTinyFaces(), nanodet=_broken), reason=PUSHED)
