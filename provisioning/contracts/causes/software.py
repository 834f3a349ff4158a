"""Has the words of causes for which an agent does not take the software that was ordered."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

NOT_INSTALLED: Final = CauseText(
    "software_not_installed",
    ("{folder}: this agent was not installed by install.sh, so it cannot be changed from afar", ""),
    ("这个前端代理不是用 install.sh 安装的，无法远程更换版本", "在现场用 install.sh 安装"),
)
OTHER_PLATFORM: Final = CauseText(
    "software_other_platform",
    ("version {version} is for {what} {wanted}, and this machine has {found}", ""),
    ("版本 {version} 适用于 {wanted}，本机是 {found}", "改用适合本机的安装包"),
)
OLDER: Final = CauseText(
    "software_older",
    ("version {version} is older than {running}, which runs here; if that is meant: --downgrade", ""),
    ("版本 {version} 比正在运行的 {running} 旧", "确要降级时加 --downgrade"),
)
NO_ROOM: Final = CauseText(
    "software_no_room",
    ("{needed} MiB of disk are needed and {free} are free: nothing was changed", ""),
    ("需要 {needed} MiB 磁盘，只剩 {free} MiB，没有作任何改动", "清理磁盘后再推送"),
)
WRONG_HASH: Final = CauseText(
    "software_wrong_hash",
    ("what was fetched has another hash than what was ordered: it is fetched anew next time", ""),
    ("取得的安装包与命令中的哈希不符", "下次会重新取"),
)
NO_KEY: Final = CauseText(
    "software_no_key", ("{file}: is no Ed25519 key", ""), ("{file} 不是 Ed25519 公钥", "放入发布公钥")
)
UNTRUSTED: Final = CauseText(
    "software_untrusted",
    ("the release is not signed by the key that is trusted here ({file})", ""),
    ("安装包不是由本机信任的密钥（{file}）签署的", "核对安装包的来源，不要使用"),
)
UNREADABLE: Final = CauseText(
    "software_unreadable", ("{detail}", ""), ("安装包或发布公钥无法读取", "看前端代理日志，再推送一次")
)
OTHER_RELEASE: Final = CauseText(
    "software_other_release",
    ("the release says of itself another role, version, architecture or Python than the order", ""),
    ("安装包自身写明的角色、版本、架构或 Python 与命令不符", "换正确的安装包"),
)
WRONG_LENGTH: Final = CauseText(
    "software_wrong_length",
    ("the service hands out more or less than was ordered", ""),
    ("服务给出的安装包长短与命令不符", "再推送一次"),
)
UNWRITTEN: Final = CauseText(
    "software_unwritten",
    ("{what} cannot be written ({error}): free some disk", ""),
    ("无法写盘（{error}）", "清理磁盘后再推送"),
)
NOBODY_CHANGES: Final = CauseText(
    "software_nobody_changes",
    ("nobody changes the software here: systemctl enable --now wayside-update.path", ""),
    ("这台设备上没有程序来更换版本", "在设备上运行 systemctl enable --now wayside-update.path"),
)
