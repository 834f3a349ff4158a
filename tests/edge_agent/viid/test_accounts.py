"""Where a device's password comes from, and what is said when it cannot be had."""

from pathlib import Path

from edge_agent.credentials.accounts import ViidAccounts
from edge_agent.credentials.digest import Account
from provisioning.contracts.config import processes
from provisioning.signing.documents import SealError
from tests.edge_agent.viid.device import DEVICE, PASSWORD, USER

SEALED = processes.ViidSource(device_id=DEVICE, username=USER, password_sealed="ab" * 40)


def test_a_sealed_password_is_opened_for_its_camera_each_time() -> None:
    asked: list[tuple[str, str]] = []

    def unlock(camera_id: str, sealed: str) -> str:
        asked.append((camera_id, sealed))
        return PASSWORD

    accounts = ViidAccounts({"gate": SEALED}, unlock, lambda *_: None)
    assert [accounts.account(DEVICE) for _ in range(2)] == [Account(USER, PASSWORD)] * 2
    assert asked == [("gate", "ab" * 40)] * 2


def test_a_password_that_cannot_be_had_is_said_and_is_nobodys(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def locked(camera_id: str, _: str) -> str:
        raise SealError(f"camera {camera_id}: its password was sealed to another agent")

    def trouble(device_id: str, why: str) -> None:
        told.append((device_id, why))

    file = processes.ViidSource(device_id=DEVICE, username=USER, password_file=tmp_path / "missing")
    for source, unlock in ((SEALED, locked), (SEALED, None), (file, None)):
        assert ViidAccounts({"gate": source}, unlock, trouble).account(DEVICE) is None
    assert [device_id for device_id, _ in told] == [DEVICE] * 3
    assert told[0][1] == "its password was sealed to another agent"
    assert "enrol" in told[1][1]
    assert "cannot be read" in told[2][1]
