"""What a court does: real openssl, the README's own commands, the script. Good exports pass, and nothing else does."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from center.evidence import cms, names, timestamp
from center.evidence.manifest import Manifest
from center.evidence.signer import Signer
from center.evidence.timestamp import StampAuthority
from center.evidence.trust import EVIDENCE, STAMPS, Roots
from center.evidence.verify import RefusedError, verify
from center.evidence.zip_container import ZipEntry
from provisioning.contracts.config.evidence import STAMP_POLICY
from tests.center.evidence.desk import CASE, Desk, contents, entries, export, open_desk, packed
from tests.center.street import NOW_MS
from tests.support.customer import Customer
from tests.support.waiting import LONG_S

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("unzip")), reason="openssl or unzip is missing"),
]

SCRIPT = Path(__file__).parents[3] / "bin/verify-evidence"
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
Spoil = Callable[[dict[str, bytes], Desk, Desk], dict[str, bytes]]


def run(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False, timeout=LONG_S)


def script(archive: Path, root: Path) -> subprocess.CompletedProcess[str]:
    return run(SCRIPT, archive, root)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def owner(all_entries: list[ZipEntry], offset: int) -> str | None:
    """Whose byte this is, header and directory record included; None for the archive's last record."""
    for entry in all_entries:
        if entry.offset <= offset < entry.offset + len(entry.local()) + entry.size:
            return entry.name
    last = all_entries[-1]
    at = last.offset + len(last.local()) + last.size
    for entry in all_entries:
        at += len(entry.central())
        if offset < at:
            return entry.name
    return None


def test_a_good_export_verifies(good: Path, desk: Desk) -> None:
    found = verify(good, desk.roots)
    assert found.manifest.case == CASE
    assert len(found.manifest.files) == 2 * 3 + 4
    assert found.stamped_at == NOW
    assert found.accuracy_ms == 1000
    assert "CN=evidence" in found.signer
    said = script(good, desk.root)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("OK ")
    assert "accuracy 0x01 seconds" in said.stdout


def test_the_commands_in_the_readme_do_what_it_says_that_they_do(good: Path, desk: Desk, tmp_path: Path) -> None:
    shutil.copy(good, tmp_path / "EVIDENCE.zip")
    shutil.copy(desk.root, tmp_path / "root.pem")
    readme = contents(good)[names.README].decode()
    blocks = re.findall(r"\n\n((?:  \S.*\n| {4}\S.*\n)+)\n", readme)
    english, chinese = [block for block in blocks if "openssl" in block]
    assert english == chinese
    said = run("bash", "-euxc", english, cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert desk.roots.fingerprint() in said.stdout
    assert desk.roots.fingerprint() in readme
    assert "CMS Verification successful" in said.stderr
    assert "Verification: OK" in said.stdout
    assert f"Policy OID: {STAMP_POLICY}" in said.stdout
    assert said.stdout.rstrip().endswith("13")
    assert "the last 13." in readme


@settings(max_examples=150)
@given(data=st.data())
def test_any_bit_flipped_anywhere_is_refused_and_its_file_is_named(
    data: st.DataObject, good: Path, desk: Desk, tmp_path: Path
) -> None:
    whole = good.read_bytes()
    bit = data.draw(st.integers(0, len(whole) * 8 - 1), label="bit")
    bad = tmp_path / "bad.zip"
    bad.write_bytes(flipped(whole, bit))
    with pytest.raises(RefusedError) as caught:
        verify(bad, desk.roots)
    named = owner(entries(good), bit // 8)
    assert named is None or named in str(caught.value)


def places(good: Path) -> list[tuple[int, str | None]]:
    """A bit in each part of the archive: in every header, content and directory record, and in the last record."""
    found: list[tuple[int, str | None]] = []
    all_entries = entries(good)
    central = all_entries[-1].offset + len(all_entries[-1].local()) + all_entries[-1].size
    for number, entry in enumerate(all_entries):
        # Another byte of the fixed part each time, so that together they are all of it.
        found.append((entry.offset + (number * 3) % 30, entry.name))
        found.append((entry.offset + len(entry.local()) + entry.size // 2, entry.name))
        found.append((central + (number * 4) % 46, entry.name))
        central += len(entry.central())
    found += [(central + at, None) for at in (0, 9, 16, 21)]
    return found


def test_the_script_refuses_a_bit_flipped_in_each_part_and_names_the_file(
    good: Path, desk: Desk, tmp_path: Path
) -> None:
    whole = good.read_bytes()
    bad = tmp_path / "bad.zip"
    for offset, named in places(good):
        bad.write_bytes(flipped(whole, offset * 8 + offset % 8))
        said = script(bad, desk.root)
        assert said.returncode == 1, (offset, named, said.stdout, said.stderr)
        if named is not None:
            assert named in said.stderr, (offset, named, said.stderr)


@settings(max_examples=100)
@given(data=st.data())
def test_a_bit_flipped_by_somebody_who_mends_every_checksum_is_refused_too(
    data: st.DataObject, good: Path, desk: Desk, tmp_path: Path
) -> None:
    files = contents(good)
    name = data.draw(st.sampled_from(list(files)), label="file")
    bit = data.draw(st.integers(0, len(files[name]) * 8 - 1), label="bit")
    bad = packed(files | {name: flipped(files[name], bit)}, tmp_path / "bad.zip")
    with pytest.raises(RefusedError) as caught:
        verify(bad, desk.roots)
    # The manifest stands and falls with its signature, and that with its stamp.
    group = names.SEALS if name in names.SEALS else (name,)
    assert caught.value.file in group


def _without(name: str) -> Spoil:
    return lambda files, _desk, _other: {key: value for key, value in files.items() if key != name}


def _resealed(
    files: dict[str, bytes], signer: Signer, stamper: Signer, *, over: bytes | None = None
) -> dict[str, bytes]:
    signature = cms.sign(files[names.MANIFEST], signer, at=NOW)
    authority = StampAuthority(stamper, policy=STAMP_POLICY, next_serial=lambda _now_ms, _imprint: 7)
    asked = timestamp.request(signature if over is None else over, policy=STAMP_POLICY, nonce=1)
    return files | {names.SIGNATURE: signature, names.STAMP: authority.answer(asked, now_ms=NOW_MS, accuracy_ms=1000)}


def _signer(desk: Desk, name: str) -> Signer:
    """A certificate of this authority, whatever it is for."""
    identity = desk.identities.issue(name, now=NOW)
    usage = {"evidence": EVIDENCE, "timestamp": STAMPS}.get(name)
    if usage is not None:
        return Signer.load(identity.cert_file, identity.key_file, desk.roots, usage, now=NOW)
    key = load_pem_private_key(identity.key_file.read_bytes(), None)
    return replace(desk.sealer.signer, certificate=desk.identities.certificate(name), key=key)  # type: ignore[arg-type]


def _stamper(desk: Desk) -> Signer:
    return _signer(desk, "timestamp")


def _swapped(files: dict[str, bytes], _desk: Desk, _other: Desk) -> dict[str, bytes]:
    first, second = [name for name in files if name.endswith("picture.jpg")][:2]
    return files | {first: files[second], second: files[first]}


SPOILED: dict[str, tuple[Spoil, str, str]] = {
    "a picture is missing": (_without("observations/0002-cam-1/picture.jpg"), "0002-cam-1/picture.jpg", "missing"),
    "the manifest is missing": (_without(names.MANIFEST), names.MANIFEST, "missing"),
    "the signature is missing": (_without(names.SIGNATURE), names.SIGNATURE, "missing"),
    "the stamp is missing": (_without(names.STAMP), names.STAMP, "missing"),
    "a file was added": (lambda files, _d, _o: files | {"observations/0009-x/picture.jpg": b"x"}, "0009-x", "added"),
    "two pictures were exchanged": (_swapped, "0001-cam-0/picture.jpg", "changed"),
    "the manifest says another case": (
        lambda files, _d, _o: files | {names.MANIFEST: files[names.MANIFEST].replace(b"J2026-117", b"J2026-118")},
        "manifest.json",
        "signer",
    ),
    "another authority's centre signed": (
        lambda files, desk, other: _resealed(files, other.sealer.signer, _stamper(desk)),
        names.SIGNATURE,
        "signer",
    ),
    "a cluster of this authority signed": (
        lambda files, desk, _o: _resealed(files, _signer(desk, "cluster"), _stamper(desk)),
        names.SIGNATURE,
        "signer",
    ),
    "the stamping key signed": (
        lambda files, desk, _o: _resealed(files, _stamper(desk), _stamper(desk)),
        names.SIGNATURE,
        "signer",
    ),
    "another authority stamped": (
        lambda files, desk, other: _resealed(files, desk.sealer.signer, _stamper(other)),
        names.STAMP,
        "stamp",
    ),
    "the signing key stamped": (
        lambda files, desk, _o: _resealed(files, desk.sealer.signer, desk.sealer.signer),
        names.STAMP,
        "stamp",
    ),
    "the stamp is over something else": (
        lambda files, desk, _o: _resealed(files, desk.sealer.signer, _stamper(desk), over=b"else"),
        names.STAMP,
        "stamp",
    ),
    "the stamp was refused": (
        lambda files, desk, _o: files
        | {names.STAMP: StampAuthority(_stamper(desk), policy="1.2.3", next_serial=lambda _n, _i: 1).answer(
            timestamp.request(files[names.SIGNATURE], policy=STAMP_POLICY, nonce=1), now_ms=NOW_MS, accuracy_ms=None
        )},
        names.STAMP,
        "stamp",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return open_desk(tmp_path_factory.mktemp("other"))


@pytest.mark.parametrize("what", sorted(SPOILED))
def test_who_and_what_is_wrong_is_said(what: str, good: Path, desk: Desk, other: Desk, tmp_path: Path) -> None:
    spoil, file, fault = SPOILED[what]
    bad = packed(spoil(contents(good), desk, other), tmp_path / "bad.zip")
    with pytest.raises(RefusedError) as caught:
        verify(bad, desk.roots)
    assert file in caught.value.file
    assert caught.value.fault == fault
    said = script(bad, desk.root)
    assert said.returncode == 1, said.stdout
    assert file in said.stderr


def test_files_in_another_order_are_refused(good: Path, desk: Desk, tmp_path: Path) -> None:
    files = contents(good)
    bad = packed(dict(sorted(files.items(), reverse=True)), tmp_path / "bad.zip")
    with pytest.raises(RefusedError, match="packed anew"):
        verify(bad, desk.roots)
    assert "packed anew" in script(bad, desk.root).stderr


def test_a_manifest_in_another_spelling_is_refused_even_if_it_is_signed(good: Path, desk: Desk, tmp_path: Path) -> None:
    files = contents(good)
    files[names.MANIFEST] = Manifest.decode(files[names.MANIFEST]).model_dump_json(indent=1).encode()
    bad = packed(_resealed(files, desk.sealer.signer, _stamper(desk)), tmp_path / "bad.zip")
    with pytest.raises(RefusedError, match="canonical"):
        verify(bad, desk.roots)


@pytest.mark.parametrize(
    "changed",
    [
        lambda whole: whole + b"x",
        lambda whole: b"x" + whole,
        lambda whole: whole[:-1],
        lambda whole: whole[: len(whole) // 2],
        lambda _whole: b"",
        lambda whole: whole + whole,
    ],
    ids=["behind", "before", "short", "half", "empty", "twice"],
)
def test_an_archive_that_was_cut_or_lengthened_is_refused(
    changed: Callable[[bytes], bytes], good: Path, desk: Desk, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(changed(good.read_bytes()))
    with pytest.raises(RefusedError):
        verify(bad, desk.roots)
    assert script(bad, desk.root).returncode == 1


def test_when_the_certificates_have_ended_the_evidence_still_stands(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=1000)
    then_ms = round(long_ago.timestamp() * 1000)
    desk = open_desk(tmp_path / "desk", now_ms=lambda: then_ms)
    assert desk.identities.certificate("evidence").not_valid_after_utc < datetime.now(UTC)
    archive = tmp_path / "evidence.zip"
    export(desk.sealer, archive, now_ms=then_ms)
    assert verify(archive, desk.roots).stamped_at.date() == long_ago.date()
    assert script(archive, desk.root).returncode == 0


def test_what_was_signed_after_its_certificate_had_ended_is_refused(desk: Desk, tmp_path: Path) -> None:
    late_ms = NOW_MS + 1000 * 86_400_000
    archive = tmp_path / "evidence.zip"
    export(desk.sealer, archive, now_ms=late_ms)
    with pytest.raises(RefusedError, match="wrong signer"):
        verify(archive, desk.roots)
    assert "manifest.json.p7s" in script(archive, desk.root).stderr


def test_under_the_customers_own_root_it_verifies_by_that_root_and_by_ours(tmp_path: Path) -> None:
    desk = open_desk(tmp_path / "desk")
    customer = Customer(ends=NOW + timedelta(days=3650))
    services = desk.identities.services
    intermediate = customer.sign(services.request(), begins=NOW - timedelta(days=1), ends=NOW + timedelta(days=1825))
    services.adopt(intermediate, customer.root, now=NOW)
    adopted = open_desk(tmp_path / "adopted", identities=desk.identities)
    archive, root = tmp_path / "evidence.zip", tmp_path / "customer.pem"
    export(adopted.sealer, archive)
    root.write_bytes(customer.pem())
    for trusted in (root, desk.root):
        verify(archive, Roots.load(trusted))
        assert script(archive, trusted).returncode == 0
