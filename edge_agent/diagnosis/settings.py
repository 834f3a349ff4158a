"""Probes the agent's configuration: its file, and the signed documents."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import ConfigurationRefused, DocumentsError
from edge_agent.remote_config.document_store import DocumentState, DocumentStore
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault
from provisioning.contracts.fleet.documents import Configuration, Document
from provisioning.signing.documents import SealError

SEND_AGAIN: Final = (
    "at the centre: wayside-provision cameras send {agent}; if it stays so, compare the seals' first digits"
)


def probe_settings(edge: EdgeConfig, path: Path, clock: Clock) -> Iterator[Diagnosis]:
    """Verify the documents in use or on trial anew; the file itself is read already."""
    yield Diagnosis("configuration", f"{path}: agent {edge.agent_id}")
    try:
        known = _known(edge, clock)
    except DocumentsError as error:
        yield Diagnosis(
            "configuration document",
            str(error),
            Fault.CONFIGURATION_UNSIGNED,
            "enrol this box again with a new bundle: it brings the seal's key",
        )
        return
    if known is None:
        return
    store, state = known
    trial = None if state.trial is None else state.trial.number
    for number in (each for each in (state.active, trial) if each is not None):
        try:
            store.configuration(number)
        except ConfigurationRefused as error:
            remedy = SEND_AGAIN.format(agent=edge.agent_id)
            yield Diagnosis("configuration document", str(error), Fault.CONFIGURATION_UNSIGNED, remedy)
        else:
            yield Diagnosis("configuration document", f"number {number}, signed by the seal {store.seal.key[:16]}…")


def compare(edge: EdgeConfig, retained: bytes, clock: Clock) -> Diagnosis:
    """Compare the document that the broker retains for this agent with the one in use."""
    where = "configuration at the centre"
    try:
        known = _known(edge, clock)
        if known is None:
            return Diagnosis(where, "not judged: this agent was not enrolled")
        store, state = known
        document = store.seal.open(retained, addressee=edge.agent_id, newer_than=0)
    except DocumentsError:
        return Diagnosis(where, "not judged: the seal's key is missing")
    except (SealError, ContractError) as error:
        remedy = SEND_AGAIN.format(agent=edge.agent_id)
        return Diagnosis(where, f"what the broker keeps: {error}", Fault.CONFIGURATION_UNSIGNED, remedy)
    return _compare(where, state, document)


def taken(edge: EdgeConfig, clock: Clock) -> Iterator[Diagnosis]:
    """Report on the newest document that a connected agent received; one that it refused is in its log."""
    where = "configuration taken"
    try:
        known = _known(edge, clock)
    except DocumentsError:
        yield Diagnosis(where, "not judged: the seal's key is missing")
        return
    if known is not None:
        yield _standing(where, known[1], known[1].seen)


def _known(edge: EdgeConfig, clock: Clock) -> tuple[DocumentStore, DocumentState] | None:
    if edge.provisioning is None:
        return None
    store = DocumentStore(edge.provisioning.documents_dir, edge.provisioning.seal_key_file, edge.agent_id)
    return store, store.load(now_ms=clock.now_ms())


def _compare(where: str, state: DocumentState, document: Document) -> Diagnosis:
    if not isinstance(document.body, Configuration):
        return Diagnosis(where, f"number {document.number}; in use: {_in_use(state)}")
    return _standing(where, state, document.number)


def _in_use(state: DocumentState) -> str:
    return "its own file alone" if state.active is None else f"number {state.active}"


def _standing(where: str, state: DocumentState, newest: int) -> Diagnosis:
    found = f"number {newest}; in use: {_in_use(state)}"
    if newest <= (state.active or 0):
        return Diagnosis(where, found)
    if state.trial is not None and state.trial.number == newest:
        return Diagnosis(where, f"{found}; {newest} is being tried")
    if state.word is not None and state.word.number == newest:
        return Diagnosis(
            where,
            f"{found}; {newest} was {state.word.verdict}: {state.word.cause}",
            Fault.CONFIGURATION_OLD,
            f"at the centre, correct the list: wayside-provision cameras import {state.addressee} FILE sends it. Where"
            f" the list was right and its fault is mended: wayside-provision cameras send {state.addressee}",
        )
    return Diagnosis(
        where,
        found,
        Fault.CONFIGURATION_OLD,
        "start the agent; where it runs, its log says why it did not take the newer one",
    )
