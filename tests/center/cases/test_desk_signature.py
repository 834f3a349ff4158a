"""What the desk agent brought counts only as it signed it: row, picture, agent and time."""

import asyncio
import base64
import json
import shlex
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from center.cases.tables import CasePictureRecord
from center.evidence import custody
from edge_agent.enrolment.signing import Signer
from provisioning.contracts.config.processes import Broker
from provisioning.contracts.query import statement
from provisioning.contracts.query.archive import Observation, SnapshotRow
from provisioning.contracts.wire.messages import Signature
from provisioning.signing.statements import Attested, AttestError
from tests.center.cases.conftest import CASE, NUMBER, Street, terms
from tests.center.street import NOW_MS
from tests.ray_cluster.world import snapshot
from tests.support.pki import Pki

pytestmark = pytest.mark.anyio


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def place_of(ana: httpx.AsyncClient) -> dict[str, Any]:
    await ana.post("/api/cases", json={"number": NUMBER, "terms": terms()})
    place: dict[str, Any] = (await ana.post(f"{CASE}/pictures")).json()
    assert place["certificate_sha256"] is None
    return place


def tamper(street: Street, key: str, change: Callable[[SnapshotRow], SnapshotRow]) -> None:
    """Somebody has the archive, and writes this into it."""
    rows = street.world.archive.rows
    at = next(at for at, row in enumerate(rows) if row.snapshot.row_key == key)
    rows[at] = Observation(snapshot=change(rows[at].snapshot), machines=rows[at].machines)


async def test_the_signature_is_checked_and_kept_with_the_case_and_in_the_audit(street: Street) -> None:
    async with street.as_("ana") as ana:
        place = await place_of(ana)
        key = street.bring(place)
        sought = await ana.post(f"{CASE}/sought", json={"row_key": key, "index": 0})
        assert sought.status_code == 201, sought.text
        (listed,) = (await ana.get(f"{CASE}/pictures")).json()["items"]
    certificate = x509.load_pem_x509_certificate(street.desk.cert_file.read_bytes())
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    assert listed["certificate_sha256"] == fingerprint
    with street.world.store.transaction() as session:
        kept = session.get_one(CasePictureRecord, key).signature
        assert kept is not None
        assert Signature.model_validate_json(kept).certificate == street.desk.cert_file.read_text()
    said = json.loads(street.world.services.audit.page(limit=1, action="case.seek")[0].detail)
    assert said["certificate_sha256"] == fingerprint


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.model_copy(update={"captured_at_ms": row.captured_at_ms + 1}),
        lambda row: row.model_copy(update={"redaction": row.redaction.model_copy(update={"policy": "none"})}),
        lambda row: row.model_copy(
            update={"signature": row.signature.model_copy(update={"value": row.signature.value[:-2] + "00"})}
        ),
        lambda row: row.model_copy(
            update={"signature": row.signature.model_copy(update={"certificate": "-----BEGIN CERTIFICATE-----"})}
        ),
    ],
    ids=["time", "recipe", "signature", "certificate"],
)
async def test_a_row_that_was_tampered_with_is_refused_with_a_clear_error(
    street: Street, change: Callable[[SnapshotRow], SnapshotRow]
) -> None:
    async with street.as_("ana") as ana:
        key = street.bring(await place_of(ana))
        tamper(street, key, change)
        refused = await ana.post(f"{CASE}/sought", json={"row_key": key, "index": 0})
        assert code(refused) == (409, "forged_picture")
        assert "does not match the signature of the desk agent" in refused.json()["message"]
        assert (await ana.get(f"{CASE}/sought")).json()["items"] == []


async def test_another_picture_in_the_place_of_the_signed_one_is_refused(street: Street) -> None:
    async with street.as_("ana") as ana:
        key = street.bring(await place_of(ana))
        street.world.archive.jpegs[key] = street.world.archive.jpegs[street.rows["here"]]
        assert code(await ana.post(f"{CASE}/sought", json={"row_key": key, "index": 0})) == (409, "forged_picture")


async def test_what_nobody_signed_is_refused(street: Street) -> None:
    async with street.as_("ana") as ana:
        key = street.bring(await place_of(ana))
        tamper(street, key, lambda row: row.model_copy(update={"signature": None}))
        assert code(await ana.post(f"{CASE}/sought", json={"row_key": key, "index": 0})) == (409, "unsigned_picture")


async def test_another_agents_word_and_a_certificate_of_nobodys_are_refused(street: Street, tmp_path: Any) -> None:
    moment = datetime.fromtimestamp(NOW_MS / 1000, UTC) - timedelta(hours=1)
    foreign = Pki(tmp_path / "foreign", now=moment).issue_agent("desk", now=moment)
    other = street.world.pki.issue_agent("cabinet-9", now=moment)
    ended = street.world.pki.issue_agent("desk", lifetime=timedelta(minutes=10), now=moment)
    async with street.as_("ana") as ana:
        place = await place_of(ana)
        for identity, why in ((foreign, "authority"), (other, "cabinet-9"), (ended, "did not count")):
            street.world.archive.rows = [row for row in street.world.archive.rows if row.snapshot.agent_id != "desk"]
            key = street.bring(place, signed_by=identity)
            refused = await ana.post(f"{CASE}/sought", json={"row_key": key, "index": 0})
            assert code(refused) == (409, "forged_picture")
            assert why in refused.json()["message"]


def test_what_the_agent_signs_is_what_the_centre_checks(tmp_path: Any) -> None:
    pki = Pki(tmp_path)
    box = pki.issue_agent("desk")
    broker = Broker(host="x", ca_file=box.ca_file, cert_file=box.cert_file, key_file=box.key_file)
    envelope = snapshot(1, agent="desk", camera="stolen")
    made = Signer(broker)(envelope)
    assert made.signature is not None
    assert made.model_copy(update={"signature": None}) == envelope
    now_ms = round(datetime.now(UTC).timestamp() * 1000)
    authority = Attested.load(pki.identities.agents.ca_file)
    said = statement.of_snapshot(envelope)
    span = {"first_ms": now_ms, "last_ms": now_ms}
    assert len(authority.check(said, made.signature, agent_id="desk", **span)) == 64
    with pytest.raises(AttestError, match="not what the agent signed"):
        authority.check(said + b" ", made.signature, agent_id="desk", **span)
    with pytest.raises(AttestError, match="can be read there"):
        Attested.load(tmp_path / "nothing.crt")
    with pytest.raises(AttestError, match="not of an authority"):
        Attested.load(box.cert_file)


async def test_evidence_has_all_that_openssl_needs(street: Street, tmp_path: Path) -> None:
    async with street.as_("ana") as ana:
        key = street.bring(await place_of(ana))
    by_key = {row.snapshot.row_key: row for row in street.world.archive.rows}
    told = custody.links(by_key[key], folder="x")
    assert "message.agent_signature" not in told["missing"]
    given = told["message"]["agent_signature"]
    for name in ("signed", "value"):
        (tmp_path / name).write_bytes(base64.b64decode(given[f"{name}_base64"]))
    (tmp_path / "desk.crt").write_text(given["certificate"])
    for command in (
        f"openssl verify -CAfile {street.world.pki.identities.agents.ca_file} -no_check_time desk.crt",
        "openssl x509 -in desk.crt -pubkey -noout -out desk.pub",
        "openssl dgst -sha256 -verify desk.pub -signature value signed",
    ):
        run = partial(subprocess.run, cwd=tmp_path, capture_output=True, text=True, check=False)
        done = await asyncio.to_thread(run, shlex.split(command))
        assert done.returncode == 0, done.stderr
    camera = custody.links(by_key[street.rows["here"]], folder="x")
    assert camera["message"]["agent_signature"] is None
    assert "message.agent_signature" in camera["missing"]
