"""Challenges of a superior: whatever stands in one, it is answered or it is none."""

import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as fuzzed
from hypothesis import strategies as st

from center.viid_cascade.superior_client import SuperiorClient
from tests.center.viid_cascade.rig import settings

_PART = st.one_of(
    st.sampled_from(("realm", "nonce", "qop", "algorithm", "opaque", "stale", "domain", '"', ",", "=", "auth", "MD5")),
    st.text(string.printable, max_size=6),
    st.text(max_size=4),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> SuperiorClient:
    folder: Path = tmp_path_factory.mktemp("superior")
    return SuperiorClient(settings(folder, "https://superior.example"), "Up-Pass1")


@example("Digest realm=中, nonce=y")
@example('Digest realm="a", nonce="b", algorithm=SHA-256, qop="auth"')
@example("Digest realm, nonce")
@given(st.lists(_PART, max_size=12).map(lambda parts: "Digest " + " ".join(parts)) | st.text(max_size=60))
@fuzzed(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_challenge_is_answered_or_is_none(client: SuperiorClient, challenge: str) -> None:
    answer = client._authorization("/VIID/System/Register", challenge)
    assert answer == "" or answer.startswith("Digest ")
    assert "Up-Pass1" not in answer
