"""The enrolment service on loopback, asked by boxes with real keys.

box ──TLS 1.3, client certificate optional──▶ HttpsServer ──▶ Enrolment ──▶ register, authority
"""

import json
import logging
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from provisioning.contracts.fleet.documents import CENTER
from provisioning.contracts.fleet.enrolment import ENROL, HELLO, RENEW, Enrolled, Hello
from provisioning.home.agents import MAX_CERTIFICATES_A_DAY
from provisioning.home.cameras import CameraRecord
from provisioning.home.home import Home
from provisioning.pki import revocation_list
from provisioning.pki.authority import CLIENT, CLOCK_SKEW, Authority, public_pem
from provisioning.pki.identities import AGENT_LIFETIME, CRL_LIFETIME
from provisioning.signing.documents import SecretsKey, encrypt_password
from tests.provisioning.serving import HOST, SITE, Box, Clock, csr_pem, new_code, new_home, serving
from tests.support.waiting import LONG_S


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path, clock: Clock) -> Home:
    return new_home(tmp_path, clock)


@pytest.fixture
def service(home: Home) -> Iterator[None]:
    with serving(home) as running:
        yield
    assert running.failures == []


@pytest.fixture
def box(home: Home, tmp_path: Path) -> Box:
    return Box(home, tmp_path / "box")


def on_the_list(home: Home) -> frozenset[int]:
    return revocation_list.read(home.identities.agents.crl_file, home.identities.agents).serials


def serial(certificate: str) -> int:
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


@pytest.mark.usefixtures("service")
class TestEnrolling:
    def test_hello_tells_the_seal_and_the_time(self, home: Home, box: Box, clock: Clock) -> None:
        began_ms = clock()
        status, answer = box.ask("GET", HELLO)
        hello = Hello.model_validate(answer)
        assert status == 200
        assert hello.seal_key == home.seal_key.seal.key
        assert began_ms <= hello.now_ms <= clock()

    def test_a_box_with_a_code_becomes_the_agent(self, home: Home, box: Box) -> None:
        status, answer = box.enrol(new_code(home, "street"))
        enrolled = Enrolled.model_validate(answer)
        made = x509.load_pem_x509_certificate(enrolled.certificate.encode())
        assert status == 200
        assert made.subject.rfc4514_string() == "CN=street"
        assert made.public_key() == box.key.public_key()
        made.verify_directly_issued_by(home.identities.agents.certificate)
        assert (enrolled.agent_id, enrolled.site_id) == ("street", SITE)
        assert (enrolled.broker_host, enrolled.broker_port) == (HOST, home.config.agents_port)
        assert enrolled.services_ca == public_pem(home.identities.services.certificate).decode()
        life = made.not_valid_after_utc - made.not_valid_before_utc
        assert life - AGENT_LIFETIME == CLOCK_SKEW
        assert home.plans.newest_document(CENTER) is not None

    def test_the_first_configuration_is_encrypted_to_the_new_box(self, home: Home, box: Box) -> None:
        code = new_code(home, "street")
        vault = home.vault._key.public_key().public_bytes_raw().hex()
        sealed = encrypt_password("correct horse", vault, agent_id="street", camera_id="east")
        camera = CameraRecord("street", "east", "East", "rtsp://127.0.0.1/east", "viewer", sealed, None, None)
        home.plans.put_cameras("street", [camera], replace=True)
        box.enrol(code)
        document = home.plans.newest_document("street")
        assert document is not None
        configuration = json.loads(json.loads(document.sealed)["document"])["body"]
        text = configuration["cameras"][0]["source"]["password_sealed"]
        assert SecretsKey(box.secrets).decrypt(text, agent_id="street", camera_id="east") == "correct horse"

    def test_the_same_key_may_ask_again_when_its_answer_was_lost(self, home: Home, box: Box) -> None:
        code = new_code(home, "street")
        first, again = box.enrol(code), box.enrol(code)
        assert first[0] == again[0] == 200
        assert first[1]["certificate"] == again[1]["certificate"]
        assert len(home.register.certificates("street")) == 1

    def test_of_twenty_boxes_with_one_code_one_wins(self, home: Home, tmp_path: Path) -> None:
        code = new_code(home, "street")
        boxes = [Box(home, tmp_path / str(number)) for number in range(20)]
        start = threading.Barrier(len(boxes))

        def race(box: Box) -> str:
            start.wait(LONG_S)
            status, answer = box.enrol(code)
            return "won" if status == 200 else f"{status} {answer['error']}"

        with ThreadPoolExecutor(len(boxes)) as pool:
            assert Counter(pool.map(race, boxes)) == {"won": 1, "409 code_used": 19}
        assert len(home.register.certificates("street")) == 1

    def test_a_box_enrolled_anew_cuts_off_the_one_before(self, home: Home, box: Box, tmp_path: Path) -> None:
        code = new_code(home, "street")
        old = serial(box.enrol(code)[1]["certificate"])
        other = Box(home, tmp_path / "other")
        new = serial(other.enrol(new_code(home, "street"))[1]["certificate"])
        assert on_the_list(home) == {old}
        assert box.renew()[1]["error"] == "revoked"
        assert other.renew()[0] == 200
        status, answer = box.enrol(code)  # nor does the code that it once spent bring it back
        assert (status, answer["error"]) == (409, "code_used")
        assert new not in on_the_list(home)

    def test_an_unknown_code(self, home: Home, box: Box) -> None:
        new_code(home, "street")
        status, answer = box.enrol("0000-0000-0000-0000")
        assert (status, answer["error"]) == (403, "code_unknown")

    def test_an_expired_code(self, home: Home, box: Box, clock: Clock) -> None:
        code = new_code(home, "street", lifetime=timedelta(hours=1))
        clock.move(timedelta(hours=1, seconds=1))
        status, answer = box.enrol(code)
        assert (status, answer["error"]) == (410, "code_expired")
        assert "wayside-provision bundle street" in answer["detail"]

    def test_a_code_for_another_site_or_agent(self, home: Home, box: Box) -> None:
        code = new_code(home, "street")
        for other in ({"site_id": "elsewhere"}, {"agent_id": "avenue"}):
            status, answer = box.enrol(code, **other)
            assert (status, answer["error"]) == (403, "wrong_site")
        assert box.enrol(code)[0] == 200

    @pytest.mark.parametrize(
        "change",
        [
            {"csr": "no PEM"},
            {"csr": "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"},
            pytest.param({"csr": csr_pem(ec.generate_private_key(ec.SECP384R1()))}, id="P-384"),
            pytest.param({"csr": csr_pem(rsa.generate_private_key(65537, 2048))}, id="RSA"),
            {"secrets_key": "00" * 32},
            {"secrets_key": "ff"},
            {"agent_id": "cluster"},
            {"agent_id": "../street"},
            {"code": "0"},
            {"version": 2},
            {"more": 1},
        ],
        ids=str,
    )
    def test_what_is_malformed_spends_no_code(self, home: Home, box: Box, change: dict[str, object]) -> None:
        code = new_code(home, "street")
        status, answer = box.post(ENROL, json.dumps({**box.request(code), **change}).encode())
        assert (status, answer["error"]) == (400, "malformed")
        assert box.enrol(code)[0] == 200

    def test_a_request_signed_by_another_key(self, home: Home, box: Box, tmp_path: Path) -> None:
        mine, other = (
            each.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            for each in (box, Box(home, tmp_path / "other"))
        )
        forged = x509.load_pem_x509_csr(csr_pem(box.key).encode()).public_bytes(Encoding.DER).replace(mine, other)
        pem = ssl.DER_cert_to_PEM_cert(forged).replace("CERTIFICATE", "CERTIFICATE REQUEST")
        status, answer = box.enrol(new_code(home, "street"), csr=pem)
        assert (status, answer["error"]) == (400, "malformed")

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/"), ("GET", ENROL), ("POST", HELLO), ("PUT", RENEW), ("GET", "/v1/hello/")]
    )
    def test_there_is_nothing_else(self, box: Box, method: str, path: str) -> None:
        status, answer = box.ask(method, path)
        assert (status, answer["error"]) == (404, "not_found")


@pytest.mark.usefixtures("service")
class TestRenewing:
    def test_the_certificate_tells_who_asks(self, home: Home, box: Box) -> None:
        box.enrol(new_code(home, "street"))
        status, answer = box.renew()
        assert status == 200
        assert answer["agent_id"] == "street"
        made = x509.load_pem_x509_certificate(answer["certificate"].encode())
        assert made.subject.rfc4514_string() == "CN=street"
        assert len(home.register.certificates("street")) == 2
        assert on_the_list(home) == frozenset()

    def test_without_a_certificate(self, box: Box) -> None:
        status, answer = box.renew()
        assert (status, answer["error"]) == (403, "unknown")

    def test_a_revoked_certificate_is_refused_at_once(self, home: Home, box: Box) -> None:
        box.enrol(new_code(home, "street"))
        home.register.revoke("street", "stolen")  # and no revocation list is written
        status, answer = box.renew()
        assert (status, answer["error"]) == (403, "revoked")

    def test_an_ended_certificate_is_told_so(self, home: Home, box: Box) -> None:
        home.register.add_agent("street", SITE)
        past = Clock()
        past.move(-AGENT_LIFETIME - timedelta(days=1))
        ended = Home.open(home.directory, now_ms=past)
        code, _ = ended.register.new_code("street", 60_000)
        made = ended.register.enrol(
            code,
            site_id=SITE,
            agent_id="street",
            key_sha256="0" * 64,
            secrets_key="0" * 64,
            sign=lambda: ended.sign("street", box.key.public_key()),
        )
        box.keep(made.pem)
        status, answer = box.renew()
        assert (status, answer["error"]) == (403, "expired")

    @pytest.mark.parametrize("whose", ["revoked", "ended"])
    def test_a_certificate_that_counts_no_more_does_not_hinder_enrolment(
        self, home: Home, box: Box, whose: str, clock: Clock
    ) -> None:
        past = clock() - round((AGENT_LIFETIME + timedelta(days=1)).total_seconds() * 1000)
        issuer = home if whose == "revoked" else Home.open(home.directory, now_ms=lambda: past)
        box.keep(issuer.sign("street", box.key.public_key()).pem)
        if whose == "revoked":
            box.enrol(new_code(home, "street"))
            home.revoke("street", "lost")
            home.register.add_agent("street", SITE, again=True)
        assert box.enrol(new_code(home, "street"))[0] == 200

    def test_a_certificate_of_another_authority_opens_nothing(self, home: Home, box: Box, tmp_path: Path) -> None:
        foreign = Authority.create(tmp_path, "foreign", "Wayside agents", crl_lifetime=CRL_LIFETIME)
        box.keep(public_pem(foreign.sign(box.key.public_key(), "street", CLIENT, lifetime=timedelta(days=1))).decode())
        with pytest.raises((ssl.SSLError, ConnectionError)):
            box.renew()
        own = home.identities.identity("cluster")
        box.shows = (own.cert_file, own.key_file)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            box.renew()

    def test_one_that_the_register_does_not_know(self, home: Home, box: Box) -> None:
        box.keep(home.sign("street", box.key.public_key()).pem)
        status, answer = box.renew()
        assert (status, answer["error"]) == (403, "unknown")

    def test_no_box_fills_the_register(self, home: Home, box: Box, clock: Clock) -> None:
        box.enrol(new_code(home, "street"))
        replies = [box.renew() for _ in range(MAX_CERTIFICATES_A_DAY)]
        assert [status for status, _ in replies] == [200] * (MAX_CERTIFICATES_A_DAY - 1) + [429]
        clock.move(timedelta(days=1, seconds=1))
        assert box.renew()[0] == 200


def test_codes_cannot_be_tried(home: Home, box: Box, tmp_path: Path) -> None:
    good = new_code(home, "street")
    neighbour = Box(home, tmp_path / "neighbour", "avenue")
    with serving(home, refusals=3):
        neighbour.enrol(new_code(home, "avenue"))
        replies = [box.enrol("0000-0000-0000-0000")[0] for _ in range(4)]
        assert replies == [403, 403, 403, 429]
        status, answer = box.enrol(good)
        assert (status, answer["error"]) == (429, "busy")
        assert box.ask("GET", HELLO)[0] == 200
        assert neighbour.renew()[0] == 200  # who shows a certificate does not suffer from others at its address


def test_a_revoked_box_that_asks_again_and_again_pauses_itself_alone(home: Home, box: Box) -> None:
    with serving(home, refusals=3):
        box.enrol(new_code(home, "street"))
        home.revoke("street", "stolen")
        assert [box.renew()[0] for _ in range(4)] == [403, 403, 403, 429]
        home.register.add_agent("street", SITE, again=True)
        assert box.enrol(new_code(home, "street"))[0] == 200


def test_a_fault_of_the_home_is_not_the_boxs(home: Home, box: Box) -> None:
    code = new_code(home, "street")
    home.identities.agents.key_file.rename(home.directory / "away.key")
    with serving(home) as running:
        status, answer = box.enrol(code)
    assert (status, answer["error"]) == (503, "busy")
    assert "away" not in answer["detail"]
    assert ["not here" in str(failure) for failure in running.failures] == [True]


def test_one_line_an_event_and_no_secret_in_it(home: Home, box: Box, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    code, wrong = new_code(home, "street"), "1111-1111-1111-1111"
    with serving(home):
        replies = [
            box.enrol(wrong),
            box.enrol(code, site_id="elsewhere"),
            box.post(ENROL, json.dumps({**box.request(code), "secrets_key": 1}).encode()),
            box.post(ENROL, json.dumps({**box.request(code), "forged\n2026 INFO enrolled agent=x": 1}).encode()),
            box.enrol(code),
            box.renew(),
        ]
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("provisioning.")]
    told = "\n".join([*lines, json.dumps([answer for _, answer in replies])])
    assert code not in told
    assert wrong not in told
    assert [re.sub(r" (cause|serial)=.*", "", line) for line in lines] == [
        "refused agent=street site=crossing remote=127.0.0.1 error=code_unknown",
        "refused agent=street site=elsewhere remote=127.0.0.1 error=wrong_site",
        "refused agent=- site=- remote=127.0.0.1 error=malformed",
        "refused agent=- site=- remote=127.0.0.1 error=malformed",
        "enrolled agent=street site=crossing remote=127.0.0.1",
        "renewed agent=street site=crossing remote=127.0.0.1",
    ]
    assert all("\n" not in line for line in lines)
