"""Takes the measurements that this machine answers: certificates, backups, inventories, documents, the bill."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from provisioning.acceptance.system.contract import Contract, ContractRow
from provisioning.acceptance.system.measurement import Bilingual, Measured, NotMeasuredError
from provisioning.acceptance.system.measures import KINDS, Measure
from provisioning.contracts.fleet.documents import Membership
from provisioning.errors import AuthorityError
from provisioning.files import backup
from provisioning.home.home import Home
from provisioning.pki.identities import SERVICES
from provisioning.servers import inventory
from provisioning.servers.inventory import Inventory

_DAY_MS: Final = 24 * 3600 * 1000
_MAX_BILL_BYTES: Final = 64 * 1024 * 1024
_SKEW_MS: Final = 5 * 60 * 1000
"""A server's clock may be ahead of this one's."""
_TIME: Final = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


class LocalMeasures:
    """Measurements of one run at one home, beside one contract. `here`: inventory of this machine, taken now."""

    def __init__(self, home: Home, contract: Contract, here: Inventory | None) -> None:
        self._home = home
        self._contract = contract
        self._inventories: dict[str, Inventory] = {} if here is None else {here.server: here}
        self.table: Final[Mapping[Measure, Callable[[ContractRow], Measured]]] = {
            Measure.CERTIFICATES_DAYS_LEFT: self._certificates,
            Measure.BACKUP_AGE: self._backup,
            Measure.HARDWARE_CORES: self._hardware("cpu", _cores),
            Measure.HARDWARE_THREADS: self._hardware("cpu", _threads),
            Measure.HARDWARE_MEMORY: self._hardware("memory", _memory),
            Measure.HARDWARE_DISKS: self._hardware("disks", _disks),
            Measure.HARDWARE_DISK_SPACE: self._hardware("disks", _disk_space),
            Measure.HARDWARE_RAID: self._raid,
            Measure.HARDWARE_NETWORK: self._hardware("ports", _fastest),
            Measure.HARDWARE_GPUS: self._hardware("gpus", _gpus),
            Measure.LICENCES_UNNAMED: self._licences,
            Measure.DOCUMENT_PRESENT: self._document,
        }

    def inventory(self, server: str) -> Inventory:
        """Reads the inventory of a server, or returns the one of this machine.

        Raises:
            NotMeasuredError: there is none, or it is of another server, damaged or too old.
        """
        if server not in self._inventories:
            self._inventories[server] = self._read_inventory(server)
        return self._inventories[server]

    def _read_inventory(self, server: str) -> Inventory:
        name = f"{self._contract.head.inventories}/{server}.json"
        if not re.fullmatch(inventory.SERVER, server, re.ASCII):
            raise NotMeasuredError(f"“{server}”不是服务器名", f"{server!r} is no name of a server")
        try:
            data = _content(self._contract.folder / name, inventory.MAX_BYTES)
        except OSError as error:
            raise NotMeasuredError(
                f"没有询问到服务器 {server}：没有 {name}（{error.strerror}）；在那里运行 wayside-provision inventory",
                f"the server {server} was not asked: no {name} ({error.strerror}); there: wayside-provision inventory",
            ) from error
        try:
            found = Inventory.model_validate_json(data)
        except ValidationError as error:
            raise NotMeasuredError(f"{name} 不是硬件清单", f"{name} is no inventory of this version's") from error
        if found.server != server:
            raise NotMeasuredError(f"{name} 是服务器 {found.server} 的", f"{name} is of the server {found.server}")
        age_ms = self._home.now_ms() - found.taken_at_ms
        age, allowed = age_ms / _DAY_MS, self._contract.head.inventory_within_days
        if age_ms < -_SKEW_MS or age > allowed:
            raise NotMeasuredError(
                f"{name} 距今 {age:.0f} 天，至多 {allowed} 天；请重新盘点",
                f"{name} is {age:.0f} days old, 0 to {allowed} are allowed; take the inventory again",
            )
        return found

    def _hardware(
        self, part: str, figure: Callable[[Inventory, ContractRow], float | None]
    ) -> Callable[[ContractRow], Measured]:
        def measure(row: ContractRow) -> Measured:
            found = self.inventory(row.of or "")
            value = figure(found, row)
            if value is None:
                why = found.unread.get(part)
                raise NotMeasuredError(
                    f"服务器 {found.server} 的 {part} 未能读出：{why or '没有端口报告速率'}",
                    f"{part} of the server {found.server} could not be read: {why or 'no port tells its speed'}",
                )
            return self._made(row, value, found.taken_at_ms, Bilingual(found.host, found.host))

        return measure

    def _raid(self, row: ContractRow) -> Measured:
        found = self.inventory(row.of or "")
        if not found.arrays:
            raise NotMeasuredError(
                f"服务器 {found.server} 的内核没有阵列；阵列卡不在询问之列，请以报告证明",
                f"the kernel of the server {found.server} has no array; a RAID controller is not asked: give a report",
            )
        broken = [each.name for each in found.arrays if not each.intact]
        names = ", ".join(broken or [each.name for each in found.arrays])
        return self._made(row, not broken, found.taken_at_ms, Bilingual(names, names))

    @staticmethod
    def _made(row: ContractRow, value: float | bool, at_ms: int, detail: Bilingual) -> Measured:
        how = Bilingual("", "") if row.measure is None else KINDS[row.measure].how
        return Measured(value, at_ms, Bilingual(f"{how.zh}：{detail.zh}", f"{how.en}: {detail.en}"))

    def _certificates(self, row: ContractRow) -> Measured:
        now_ms = self._home.now_ms()
        ends = dict(self._ends())
        if not ends:
            raise NotMeasuredError("home 中没有证书", "there is no certificate in the home")
        name = min(ends, key=lambda each: ends[each])
        days = max(0, (ends[name] - now_ms) // _DAY_MS)
        return self._made(row, days, now_ms, Bilingual(f"{name}，共 {len(ends)}", f"{name}, of {len(ends)}"))

    def _ends(self) -> Iterator[tuple[str, int]]:
        for name in SERVICES:
            try:
                yield name, round(self._home.identities.certificate(name).not_valid_after_utc.timestamp() * 1000)
            except AuthorityError:
                continue  # moved to its server: `status` lists those
        for agent in self._home.register.agents():
            if agent.membership is Membership.ENROLLED and (held := self._home.register.certificates(agent.id)):
                yield agent.id, held[0].ends_at_ms

    def _backup(self, row: ContractRow) -> Measured:
        folder, now_ms = Path(row.of or ""), self._home.now_ms()
        try:
            files = sorted(folder.iterdir(), key=lambda each: _TIME.findall(each.name), reverse=True)
            made_at = _newest_whole(each for each in files if each.name.endswith(backup.SUFFIX))
        except OSError as error:
            raise NotMeasuredError(
                f"{folder} 无法读取（{error.strerror}）", f"{folder} cannot be read ({error.strerror})"
            ) from error
        if made_at is None:
            raise NotMeasuredError(f"{folder} 中没有完整的备份", f"there is no whole backup in {folder}")
        newest = f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        hours = round(max(0.0, now_ms - made_at.timestamp() * 1000) / 3_600_000, 1)
        return self._made(row, hours, now_ms, Bilingual(f"{folder}，{newest}", f"{folder}, {newest}"))

    def _licences(self, row: ContractRow) -> Measured:
        name = row.of or ""
        try:
            data = _content(self._contract.folder / name, _MAX_BILL_BYTES)
        except OSError as error:
            raise _absent(name, error) from error
        parts = parts_of_bill(data, name)
        unnamed = [str(each.get("name"))[:60] for each in parts if not each.get("licenses")]
        first = ", ".join(unnamed[:3])
        detail = Bilingual(f"{name}，共 {len(parts)} 个部件 {first}", f"{name}, {len(parts)} parts {first}")
        return self._made(row, len(unnamed), self._home.now_ms(), detail)

    def _document(self, row: ContractRow) -> Measured:
        name = row.of or ""
        path, now_ms = self._contract.folder / name, self._home.now_ms()
        try:
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except FileNotFoundError as error:
            if not path.parent.is_dir():
                raise _absent(name, error) from error
            return self._made(row, False, now_ms, Bilingual(f"没有 {name}", f"there is no {name}"))
        except OSError as error:
            raise _absent(name, error) from error
        is_right = row.sha256 in {None, digest}
        zh, en = ("", "") if is_right else ("，与合同不符", ", another than in the contract")
        detail = Bilingual(f"{name}，SHA-256 {digest[:16]}…{zh}", f"{name}, SHA-256 {digest[:16]}…{en}")
        return self._made(row, is_right, now_ms, detail)


def parts_of_bill(data: bytes, name: str) -> list[Mapping[str, Any]]:
    """Returns the parts of a bill of materials (CycloneDX): each package and model, not the libraries inside them.

    Raises:
        NotMeasuredError: it is no bill.
    """
    try:
        bill = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotMeasuredError(f"{name} 不是 JSON", f"{name} is no JSON") from error
    parts = bill.get("components") if isinstance(bill, dict) and bill.get("bomFormat") == "CycloneDX" else None
    if not isinstance(parts, list) or not parts or not all(isinstance(each, dict) for each in parts):
        raise NotMeasuredError(f"{name} 不是 CycloneDX 物料清单", f"{name} is no bill of materials (CycloneDX)")
    return parts


def _absent(name: str, error: OSError) -> NotMeasuredError:
    return NotMeasuredError(
        f"{name} 不在合同文件夹中（{error.strerror}）", f"{name} is not in the contract's folder ({error.strerror})"
    )


def _content(path: Path, limit: int) -> bytes:
    with path.open("rb") as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise OSError(0, f"over {limit >> 20} MiB", str(path))
    return data


def _newest_whole(files: Iterable[Path]) -> datetime | None:
    """Returns the time of the first of these backups of which every byte is there."""
    for file in files:
        try:
            return backup.verify(file)
        except backup.BackupError:
            continue  # the one before it counts, and is older
    return None


def _like(model: str, row: ContractRow) -> bool:
    return row.like is None or row.like.casefold() in model.casefold()


def _cores(found: Inventory, _row: ContractRow) -> float | None:
    return None if found.cpu is None else found.cpu.cores


def _threads(found: Inventory, _row: ContractRow) -> float | None:
    return None if found.cpu is None else found.cpu.threads


def _memory(found: Inventory, _row: ContractRow) -> float | None:
    return None if found.memory_bytes is None else round(found.memory_bytes / 2**30, 1)


def _disks(found: Inventory, row: ContractRow) -> float | None:
    if found.disks is None:
        return None
    return sum(each.bytes / 1e12 >= (row.each or 0.0) and _like(each.model, row) for each in found.disks)


def _disk_space(found: Inventory, _row: ContractRow) -> float | None:
    return None if found.disks is None else round(sum(each.bytes for each in found.disks) / 1e12, 2)


def _fastest(found: Inventory, _row: ContractRow) -> float | None:
    if found.ports is None:
        return None
    speeds = [each.mbit_s for each in found.ports if each.up and each.mbit_s is not None]
    return max(speeds) / 1000 if speeds else None


def _gpus(found: Inventory, row: ContractRow) -> float | None:
    if found.gpus is None:
        return None
    return sum(each.memory_mib / 1024 >= (row.each or 0.0) and _like(each.model, row) for each in found.gpus)
