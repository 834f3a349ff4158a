"""What version 1 looks like on the wire. A change here breaks every agent in the field: raise the version first."""

import pytest

from provisioning.contracts import CONTRACT_VERSION, SUPPORTED_VERSIONS
from provisioning.contracts.wire.codec import decode, decode_snapshot
from provisioning.contracts.wire.messages import Snapshot
from tests.contracts.examples import DETECTED, GOLDEN, MESSAGES, PICTURE, SNAPSHOT, golden


@pytest.mark.parametrize("name", sorted(golden()))
def test_encoding_is_byte_for_byte_the_golden_file(name: str) -> None:
    assert golden()[name] == (GOLDEN / name).read_bytes()


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(golden())


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_golden_messages_still_read(name: str) -> None:
    message = MESSAGES[name]
    assert decode(type(message), (GOLDEN / f"{name}.json").read_bytes()) == message


def test_golden_snapshot_still_reads() -> None:
    assert decode_snapshot((GOLDEN / "snapshot.bin").read_bytes()) == (SNAPSHOT, PICTURE)
    assert decode_snapshot((GOLDEN / "snapshot_detected.bin").read_bytes()) == (DETECTED, PICTURE)


def test_current_version_is_supported() -> None:
    assert CONTRACT_VERSION in SUPPORTED_VERSIONS


def test_the_envelope_has_exactly_these_fields() -> None:
    # Somebody who adds a field must think of the boundary (docs/boundary.md §4) and of the version first.
    assert set(Snapshot.model_fields) == {
        "version", "observation_id", "agent_id", "camera_id", "source_key", "captured_at_ms", "clock", "picture",
        "quality", "machines", "people", "redaction", "detector", "signature",
    }  # fmt: skip
