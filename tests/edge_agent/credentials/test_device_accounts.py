"""A device's password is read when it is needed, and what is wrong with it is said."""

from pathlib import Path

from edge_agent.credentials.device_accounts import DeviceAccounts
from provisioning.contracts.config import processes
from provisioning.net.digest import Account
from provisioning.signing.documents import SealError
from tests.edge_agent.gb28181.scripted import CHANNEL, ID, PASSWORD
from tests.edge_agent.gb28181.serving import sources
from tests.edge_agent.viid.device import DEVICE, USER
from tests.edge_agent.viid.device import PASSWORD as PUSHED_PASSWORD

PUSHED = processes.ViidSource(device_id=DEVICE, username=USER, password_sealed="ab" * 40)


def _sealed(channel_id: str) -> processes.Gb28181Source:
    return processes.Gb28181Source(device_id=ID, channel_id=channel_id, username="admin", password_sealed="ab" * 40)


def _never(device_id: str, why: str) -> None:
    raise AssertionError(why)


def test_a_password_file_is_read_each_time(tmp_path: Path) -> None:
    accounts = DeviceAccounts(sources(tmp_path), None, _never)
    account = accounts.account(ID)
    assert account is not None
    assert (account.username, account.password) == (ID, PASSWORD)
    assert PASSWORD not in repr(account)
    (tmp_path / f"{ID}.password").write_text("another", encoding="utf-8")
    changed = accounts.account(ID)
    assert changed is not None
    assert changed.password == "another"


def test_the_first_camera_of_a_device_lends_its_sealed_password() -> None:
    asked: list[str] = []

    def unlock(camera_id: str, sealed: str) -> str:
        asked.append(camera_id)
        return f"opened {sealed[:2]}"

    accounts = DeviceAccounts({"gate": _sealed(CHANNEL), "yard": _sealed("other")}, unlock, _never)
    account = accounts.account(ID)
    assert account is not None
    assert (account.password, asked) == ("opened ab", ["gate"])


def test_one_that_does_not_open_is_told() -> None:
    told: list[tuple[str, str]] = []

    def unlock(camera_id: str, sealed: str) -> str:
        raise SealError("sealed for another agent")

    accounts = DeviceAccounts({"gate": _sealed(CHANNEL)}, unlock, lambda device_id, why: told.append((device_id, why)))
    assert accounts.account(ID) is None
    assert [device_id for device_id, _ in told] == [ID]
    assert "sealed for another agent" in told[0][1]


def test_without_a_password_there_is_no_account() -> None:
    bare = processes.Gb28181Source.model_construct(
        device_id=ID, channel_id=CHANNEL, username=None, password_file=None, password_sealed=None
    )
    assert DeviceAccounts({"gate": bare}, None, _never).account(ID) is None


def test_a_sealed_password_is_opened_for_its_camera_each_time() -> None:
    asked: list[tuple[str, str]] = []

    def unlock(camera_id: str, sealed: str) -> str:
        asked.append((camera_id, sealed))
        return PUSHED_PASSWORD

    accounts = DeviceAccounts({"gate": PUSHED}, unlock, lambda *_: None)
    assert [accounts.account(DEVICE) for _ in range(2)] == [Account(USER, PUSHED_PASSWORD)] * 2
    assert asked == [("gate", "ab" * 40)] * 2


def test_a_password_that_cannot_be_had_is_said_and_is_nobodys(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def locked(camera_id: str, _: str) -> str:
        raise SealError(f"camera {camera_id}: its password was sealed to another agent")

    def trouble(device_id: str, why: str) -> None:
        told.append((device_id, why))

    file = processes.ViidSource(device_id=DEVICE, username=USER, password_file=tmp_path / "missing")
    for source, unlock in ((PUSHED, locked), (PUSHED, None), (file, None)):
        assert DeviceAccounts({"gate": source}, unlock, trouble).account(DEVICE) is None
    assert [device_id for device_id, _ in told] == [DEVICE] * 3
    assert "its password was sealed to another agent" in told[0][1]
    assert "enrol" in told[1][1]
    assert "cannot be read" in told[2][1]
