"""Whatever comes in at the enrolment service, it is the sender's fault and said to be so."""

import json
import ssl
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provisioning.contracts.fleet.enrolment import ENROL, RENEW
from tests.provisioning.serving import Box, csr_pem, new_code, new_home, serving


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    home = new_home(tmp_path_factory.mktemp("foreign"))
    new_code(home, "street")
    with serving(home, refusals=10**9) as running:
        yield Box(home, home.directory.parent / "box")
    assert running.failures == []


@settings(max_examples=60)
@given(body=st.binary(max_size=2000))
@example(body=b'{"version":1,"csr":"\\ud800"}')
def test_bytes_are_never_a_fault_of_the_service(shared: Box, body: bytes) -> None:
    for path in (ENROL, RENEW):
        assert 400 <= shared.post(path, body)[0] < 500


@settings(max_examples=60)
@given(
    change=st.dictionaries(
        st.sampled_from(["version", "site_id", "agent_id", "code", "csr", "secrets_key", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_json_is_never_a_fault_of_the_service(shared: Box, change: dict[str, object]) -> None:
    request = {**shared.request("0000-0000-0000-0000"), **change}
    assert 400 <= shared.post(ENROL, json.dumps(request).encode())[0] < 500


@settings(max_examples=100)
@given(at=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_damaged_csr_is_never_a_fault_of_the_service(shared: Box, at: int, byte: int) -> None:
    der = bytearray(ssl.PEM_cert_to_DER_cert(csr_pem(shared.key).replace("CERTIFICATE REQUEST", "CERTIFICATE")))
    der[at % len(der)] = byte
    pem = ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    request = {**shared.request("0000-0000-0000-0000"), "csr": pem}
    assert 400 <= shared.post(ENROL, json.dumps(request).encode())[0] < 500
