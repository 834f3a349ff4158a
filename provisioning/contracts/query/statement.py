"""Builds the bytes that an agent signs for a picture or a survey, the same for signing and for verifying."""

import json
from typing import Final

from provisioning.contracts import ids
from provisioning.contracts.query.archive import SnapshotRow
from provisioning.contracts.wire.messages import Redaction, Snapshot

_CONTEXT: Final = b"wayside observation 1\0"
"""A signature over this can never pass for one over another kind of statement by the same key."""
_SURVEY: Final = b"wayside survey 1\0"


def of_snapshot(snapshot: Snapshot) -> bytes:
    """Returns the statement of an envelope, before it is sent."""
    row_key = ids.row_key(snapshot.agent_id, snapshot.observation_id)
    return _statement(row_key, snapshot.picture.sha256, snapshot.captured_at_ms, snapshot.redaction)


def of_row(row: SnapshotRow) -> bytes:
    """Returns the statement of the archived row: the same bytes as of its envelope."""
    return _statement(row.row_key, row.picture_sha256, row.captured_at_ms, row.redaction)


def of_survey(text: str) -> bytes:
    """Returns the statement of `survey.SignedSurvey.survey`."""
    return _SURVEY + text.encode()


def _statement(row_key: str, picture_sha256: str, captured_at_ms: int, redaction: Redaction) -> bytes:
    """Returns the context, then a JSON array in ASCII without white space.

    Row key, SHA-256 of the redacted picture, capture time in ms, redaction policy, and the models that the redactor
    used with their SHA-256, by name.
    """
    models = dict(sorted(redaction.models.items()))
    stated = [row_key, picture_sha256, captured_at_ms, redaction.policy, models]
    return _CONTEXT + json.dumps(stated, ensure_ascii=True, separators=(",", ":")).encode()
