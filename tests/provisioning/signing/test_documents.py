"""What is signed cannot be changed, moved or played again; what is encrypted opens for one agent and one camera."""

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from provisioning.contracts.config.processes import Camera, RtspSource
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Configuration, Document, Sealed
from provisioning.contracts.fleet.enrolment import Bundle, SealedBundle
from provisioning.signing.documents import (
    ForgedError,
    OutdatedError,
    Seal,
    SealError,
    SealKey,
    SecretsKey,
    WrongAddresseeError,
    encrypt_password,
    open_bundle,
    pack_bundle,
)

AGENT = "cabinet-7"
KEY = SealKey(Ed25519PrivateKey.generate())
BOX = SecretsKey(X25519PrivateKey.generate())
CAMERA = Camera(id="gate-1", name='北门 "1"', source=RtspSource(url="rtsp://10.0.0.9/1"))
DOCUMENT = Document(addressee=AGENT, number=3, issued_at_ms=1, body=Configuration(cameras=(CAMERA,)))
PAYLOAD = KEY.sign(DOCUMENT).model_dump_json().encode()


def bundle_of(host: str) -> str:
    made = Bundle(
        host=host, port=8843, pin="0" * 64, site_id="north", agent_id=AGENT, code="0123-4567-89AB-CDEF",
        expires_at_ms=1, seal_key=KEY.seal.key,
    )  # fmt: skip
    return pack_bundle(KEY.sign_bundle(made))


BUNDLES = [bundle_of("h" * length) for length in (1, 2, 3)]
"""base64 leaves 0, 2 or 4 bits over."""


def test_a_document_comes_back_as_it_was_signed() -> None:
    assert KEY.seal.open(PAYLOAD, addressee=AGENT, newer_than=2) == DOCUMENT


@given(st.integers(0, len(PAYLOAD) - 1), st.integers(1, 255))
def test_any_changed_byte_of_a_document_is_refused(at: int, by: int) -> None:
    changed = bytearray(PAYLOAD)
    changed[at] ^= by
    with pytest.raises((SealError, ContractError)):
        KEY.seal.open(bytes(changed), addressee=AGENT, newer_than=0)


@given(st.sampled_from(BUNDLES), st.integers(0, 10_000), st.integers(1, 127))
@example(BUNDLES[0], -3, ord("A") ^ ord("B"))
def test_any_changed_letter_of_a_bundle_is_refused(line: str, place: int, by: int) -> None:
    letters = bytearray(line.encode())
    letters[place % len(letters)] ^= by
    with pytest.raises(SealError):
        open_bundle(letters.decode())


@pytest.mark.parametrize("line", BUNDLES)
def test_every_other_last_letter_of_a_bundle_is_refused(line: str) -> None:
    # It carries bits that no byte needs, and a lax reader ignores them.
    at = len(line.rstrip("=")) - 1
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if letter != line[at]:
            with pytest.raises(SealError):
                open_bundle(f"{line[:at]}{letter}{line[at + 1 :]}")


@given(st.integers(0, len(PAYLOAD) - 1))
def test_a_document_cut_short_is_refused(length: int) -> None:
    with pytest.raises((SealError, ContractError)):
        KEY.seal.open(PAYLOAD[:length], addressee=AGENT, newer_than=0)


@given(st.binary())
def test_arbitrary_bytes_are_no_document(payload: bytes) -> None:
    with pytest.raises((SealError, ContractError)):
        KEY.seal.open(payload, addressee=AGENT, newer_than=0)


@given(st.text())
@example("WAYSIDE1.")
@example("WAYSIDE1.\udc80")
@example("WAYSIDE1." + base64.urlsafe_b64encode(b"[" * 100_000).decode())
def test_arbitrary_text_is_no_bundle_and_nothing_worse(text: str) -> None:
    for each in (
        text,
        f"WAYSIDE1.{text}",
        f"WAYSIDE1.{base64.urlsafe_b64encode(text.encode('utf-8', 'replace')).decode()}",
    ):
        with pytest.raises(SealError):
            open_bundle(each)


@given(st.text(min_size=2), st.binary(min_size=64, max_size=64))
def test_a_bundle_around_arbitrary_text_is_refused(text: str, signature: bytes) -> None:
    inner = text.encode("utf-8", "replace").decode()
    with pytest.raises(SealError):
        open_bundle(pack_bundle(SealedBundle(bundle=inner[:4000], signature=signature.hex())))


def test_a_bundle_survives_what_a_mail_puts_around_it() -> None:
    assert open_bundle(f"\n  {BUNDLES[0]}\r\n").host == "h"


def test_a_signature_over_a_bundle_is_none_over_a_document() -> None:
    document = KEY.sign(DOCUMENT)
    crossed = SealedBundle(bundle=document.document, signature=document.signature)
    with pytest.raises(SealError):
        open_bundle(pack_bundle(crossed))
    bundle = KEY.sign_bundle(open_bundle(BUNDLES[0]))
    payload = Sealed(document=bundle.bundle, signature=bundle.signature).model_dump_json().encode()
    with pytest.raises(ForgedError):
        KEY.seal.open(payload, addressee=AGENT, newer_than=0)


def test_a_signature_over_an_audit_head_is_none_over_anything_else() -> None:
    text = DOCUMENT.model_dump_json()
    signature = KEY.sign_audit_head(text)
    KEY.seal.check_audit_head(text, signature)
    with pytest.raises(ForgedError):
        KEY.seal.open(
            Sealed(document=text, signature=signature).model_dump_json().encode(), addressee=AGENT, newer_than=0
        )
    for wrong in (text + " ", ""):
        with pytest.raises(ForgedError):
            KEY.seal.check_audit_head(wrong, signature)
    with pytest.raises(ForgedError):
        KEY.seal.check_audit_head(text, KEY.sign(DOCUMENT).signature)


def test_another_key_another_addressee_and_an_older_number_are_three_errors() -> None:
    stranger = SealKey(Ed25519PrivateKey.generate())
    with pytest.raises(ForgedError, match="not by the key"):
        stranger.seal.open(PAYLOAD, addressee=AGENT, newer_than=0)
    with pytest.raises(WrongAddresseeError, match="'cabinet-7' and not for 'cabinet-8'"):
        KEY.seal.open(PAYLOAD, addressee="cabinet-8", newer_than=0)
    with pytest.raises(OutdatedError, match="not newer than 3") as caught:
        KEY.seal.open(PAYLOAD, addressee=AGENT, newer_than=3)
    assert caught.value.number == 3


def test_a_bundle_signed_by_another_key_than_it_names_is_refused() -> None:
    stranger = SealKey(Ed25519PrivateKey.generate())
    with pytest.raises(ForgedError, match="do not use it"):
        open_bundle(pack_bundle(stranger.sign_bundle(open_bundle(BUNDLES[0]))))


@given(st.text(max_size=60).filter(lambda text: text.isprintable()))
def test_a_password_opens_for_its_agent_and_camera_alone(password: str) -> None:
    sealed = encrypt_password(password, BOX.public, agent_id=AGENT, camera_id="gate-1")
    assert BOX.decrypt(sealed, agent_id=AGENT, camera_id="gate-1") == password
    assert RtspSource(url="rtsp://h/1", username="u", password_sealed=sealed).password_sealed == sealed
    other = SecretsKey(X25519PrivateKey.generate())
    for key, agent, camera in ((BOX, AGENT, "gate-2"), (BOX, "cabinet-8", "gate-1"), (other, AGENT, "gate-1")):
        with pytest.raises(SealError, match="import the camera again"):
            key.decrypt(sealed, agent_id=agent, camera_id=camera)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_ciphertext_does_not_open(at: int, by: int) -> None:
    sealed = bytearray.fromhex(encrypt_password("geheim-7", BOX.public, agent_id=AGENT, camera_id="gate-1"))
    sealed[at % len(sealed)] ^= by
    with pytest.raises(SealError) as caught:
        BOX.decrypt(sealed.hex(), agent_id=AGENT, camera_id="gate-1")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "00", "zz", "0" * 64])
def test_what_is_no_ciphertext_does_not_open(text: str) -> None:
    with pytest.raises(SealError):
        BOX.decrypt(text, agent_id=AGENT, camera_id="gate-1")


@pytest.mark.parametrize("key", ["", "00", "zz" * 32, "0" * 63, "0" * 64])
def test_what_is_no_key_encrypts_nothing(key: str) -> None:
    with pytest.raises(SealError, match="enrol it again"):
        encrypt_password("geheim-7", key, agent_id=AGENT, camera_id="gate-1")


def test_keys_rest_in_files_of_their_owner_alone(tmp_path: Path) -> None:
    made, secrets = SealKey.create(tmp_path / "seal.key"), SecretsKey.create(tmp_path / "secrets.key")
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "seal.key": 0o600,
        "seal.pub": 0o644,
        "secrets.key": 0o600,
    }
    assert SealKey.load(tmp_path / "seal.key").seal.key == made.seal.key == Seal.load(tmp_path / "seal.pub").key
    assert SecretsKey.load(tmp_path / "secrets.key").public == secrets.public


@pytest.mark.parametrize(
    ("content", "said"), [("zz", "no key in hex"), ("00", "has 32 bytes, this has 1"), ("", "empty")]
)
def test_a_key_file_that_holds_none_says_so(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "secrets.key"
    path.write_text(content)
    path.chmod(0o600)
    for load in (SecretsKey.load, SealKey.load):
        with pytest.raises(SealError, match=said):
            load(path)


def test_a_key_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    SecretsKey.create(tmp_path / "secrets.key")
    (tmp_path / "secrets.key").chmod(0o640)
    with pytest.raises(SealError, match="chmod 600"):
        SecretsKey.load(tmp_path / "secrets.key")


def test_a_secret_shows_in_no_repr() -> None:
    bundle = open_bundle(BUNDLES[0])
    assert bundle.code not in repr(bundle)
    assert bundle.code not in repr(KEY.sign_bundle(bundle))
    sealed = encrypt_password("geheim-7", BOX.public, agent_id=AGENT, camera_id="gate-1")
    assert sealed not in repr(RtspSource(url="rtsp://h/1", username="u", password_sealed=sealed))
