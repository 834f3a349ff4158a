"""Accepts a site for `wayside-provision accept`: its cameras, pass or fail, from a box's survey and the register."""

from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from provisioning.acceptance import judging
from provisioning.acceptance.judging import AcceptanceOutcome, CameraCard, Question
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.survey import SignedSurvey, Survey
from provisioning.contracts.query import statement
from provisioning.contracts.query.archive import ZONE, ZONE_TEXT
from provisioning.contracts.wire import codec
from provisioning.errors import AcceptanceError
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult, table
from provisioning.signing.statements import Attested, AttestError

_MAX_BYTES: Final = 4 * 1024 * 1024
_FRESH_MS: Final = 24 * 3600 * 1000
_MARKS: Final = {
    AcceptanceOutcome.PASS: "pass",
    AcceptanceOutcome.FAIL: "FAIL",
    AcceptanceOutcome.OPEN: "open",
    AcceptanceOutcome.NONE: "–",
}


def accept(home: Home, agent_id: str, survey_file: Path, out: Path | None) -> CommandResult:
    """Judges a survey, and writes the report. Exit code 0: every camera passes. 1: one fails, or something is open.

    Raises:
        AcceptanceError: the survey is invalid, not signed by this agent, or older than a day; the report cannot be
            written.
        RegisterError: no such agent.
    """
    agent = home.register.agent(agent_id)
    site = home.register.site(agent.site_id)
    survey, digest = _read(survey_file, home, agent_id)
    near = None if site.latitude is None or site.longitude is None else (site.latitude, site.longitude)
    cards = judging.judge(home.plans.cameras(agent_id), survey.cameras, near)
    verdict = judging.outcome(cards)
    if out is not None:
        from provisioning.acceptance import pdf  # noqa: PLC0415 - draws, which nothing else here does

        at = f"{datetime.fromtimestamp(survey.surveyed_at_ms / 1000, ZONE):%Y-%m-%d %H:%M} {ZONE_TEXT}"
        heading = pdf.Heading(f"{site.name} ({site.id})", agent_id, at, survey.software, digest[:16])
        try:
            durable.write(out, pdf.as_pdf(heading, cards, verdict), mode=durable.PUBLIC)
        except OSError as error:
            raise AcceptanceError(f"{out}: cannot be written ({error.strerror})") from error
    return _answer(agent_id, cards, verdict, out)


def _read(file: Path, home: Home, agent_id: str) -> tuple[Survey, str]:
    try:
        with (Path("/dev/stdin") if str(file) == "-" else file).open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise AcceptanceError(f"--survey {file}: cannot be read ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise AcceptanceError(f"--survey {file}: over {_MAX_BYTES >> 20} MiB, which no survey is")
    try:
        signed = codec.decode(SignedSurvey, data)
        survey = codec.decode(Survey, signed.survey.encode())
    except ContractError as error:
        why = f"not what `wayside-edge survey` prints, signed ({error})"
        raise AcceptanceError(f"--survey {file}: {why}: update the agent, and run it again") from error
    if survey.agent_id != agent_id:
        raise AcceptanceError(f"--survey {file}: is of agent {survey.agent_id} and not of {agent_id}")
    _check_signed(signed, survey, home, file)
    if home.now_ms() - survey.surveyed_at_ms > _FRESH_MS:
        raise AcceptanceError(f"--survey {file}: is over a day old: run wayside-edge survey on the box again")
    return survey, sha256(data).hexdigest()


def _check_signed(signed: SignedSurvey, survey: Survey, home: Home, file: Path) -> None:
    """Checks that the agent's present box signed the survey: one with a revoked certificate is another."""
    at_ms = survey.surveyed_at_ms
    stated = statement.of_survey(signed.survey)
    try:
        attested = Attested.load(home.identities.agents.ca_file)
        attested.check(stated, signed.signature, agent_id=survey.agent_id, first_ms=at_ms, last_ms=at_ms)
    except AttestError as error:
        raise AcceptanceError(f"--survey {file}: {error}: run wayside-edge survey on the box again") from error
    serial = str(x509.load_pem_x509_certificate(signed.signature.certificate.encode()).serial_number)
    for known in home.register.certificates(survey.agent_id):
        if known.serial == serial and known.revoked_at_ms is not None:
            raise AcceptanceError(f"--survey {file}: its certificate was revoked: survey the box that is in use")


def _answer(agent_id: str, cards: list[CameraCard], verdict: AcceptanceOutcome, out: Path | None) -> CommandResult:
    facts: dict[str, Any] = {
        "agent": agent_id,
        "result": verdict,
        "cameras": [
            {
                "id": card.camera_id,
                "result": card.outcome,
                "findings": {
                    question: {
                        "outcome": finding.outcome,
                        "found": finding.found,
                        "reasons": [each.model_dump() for each in finding.reasons],
                    }
                    for question, finding in card.findings.items()
                },
            }
            for card in cards
        ],
        "report": None if out is None else str(out),
    }
    rows = [(card.camera_id, *(_MARKS[card.findings[question].outcome] for question in Question)) for card in cards]
    shown: list[Any] = [table(("camera", *Question), rows)]
    shown += [
        f"{card.camera_id}, {question}: {finding.found}"
        for card in cards
        for question, finding in card.findings.items()
        if finding.outcome in {AcceptanceOutcome.FAIL, AcceptanceOutcome.OPEN}
    ]
    shown.append(f"{agent_id}: {_MARKS[verdict]}" + ("" if cards else ", it has no camera"))
    if out is not None:
        shown.append(f"{out}: print it and sign")
    return CommandResult(facts, shown, 0 if verdict is AcceptanceOutcome.PASS else 1)
