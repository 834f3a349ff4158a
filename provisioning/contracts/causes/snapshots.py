"""Has the words of causes of pictures that are asked for one at a time."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

CERTIFICATE_UNTRUSTED: Final = CauseText(
    "certificate_untrusted",
    (
        "the certificate of {place} is not trusted",
        "give the authority's, or the camera's own, as `ca_file`, and the name that stands in it as the address's host",
    ),
    ("{place} 的证书不受信任", "把签发机构的证书或摄像机自己的证书设为 `ca_file`，地址中的主机须是证书里的名称"),
)
CA_FILE_UNUSABLE: Final = CauseText(
    "ca_file_unusable",
    ("`ca_file` cannot be used ({error})", "give certificates in PEM that the agent may read"),
    ("`ca_file` 无法使用（{error}）", "请提供前端代理可读的 PEM 证书"),
)
PICTURE_SLOW: Final = CauseText(
    "picture_slow",
    (
        "{place} did not hand out a whole picture within {seconds} s",
        "look at the network and the camera's load; ask for a smaller picture, or raise `timeout_s`",
    ),
    ("{place} 在 {seconds} 秒内没有给出完整的图片", "检查网络和摄像机负载；改取较小的图片，或调高 `timeout_s`"),
)
PICTURE_BROKEN_OFF: Final = CauseText(
    "picture_broken_off",
    ("{place} broke off while it handed out a picture", "if it goes on, look at its network and restart it"),
    ("{place} 在发送图片时中断", "反复出现时，检查网络并重启摄像机"),
)
NO_HTTP_PICTURE: Final = CauseText(
    "no_http_picture",
    ("{place} answers with something that is no HTTP ({error})", "check port and path, and http or https"),
    ("{place} 的应答不是 HTTP（{error}）", "核对端口和路径，以及是 http 还是 https"),
)
REDIRECTED: Final = CauseText(
    "redirected",
    (
        "{place} redirects to {goal}, which is not asked",
        "if that is the camera's own address, give it in place of this one",
    ),
    ("{place} 重定向到 {goal}，不予跟随", "如果那是该摄像机自己的地址，请直接填写它"),
)
NO_SUCH_PICTURE: Final = CauseText(
    "no_such_picture",
    ("{place} has no such picture", "check the path of the address"),
    ("{place} 没有这个图片地址", "核对地址中的路径"),
)
WRONG_STATUS: Final = CauseText(
    "wrong_status",
    ("{place} answers {status} in place of a picture", "open the address in a browser; restart the camera"),
    ("{place} 没有给出图片，应答为 {status}", "在浏览器中打开该地址；重启摄像机"),
)
WRONG_TYPE: Final = CauseText(
    "wrong_type",
    (
        "{place} answers with {type} in place of a picture",
        "check the path of the address: a page for people and an MJPEG stream are no snapshot",
    ),
    ("{place} 的应答是 {type}，不是图片", "核对地址中的路径：网页和 MJPEG 码流都不是快照"),
)
PICTURE_TOO_LARGE: Final = CauseText(
    "picture_too_large",
    (
        "{place} hands out over {most} bytes for one picture",
        "ask for a smaller picture, or raise `max_bytes`",
    ),
    ("{place} 的单张图片超过 {most} 字节", "改取较小的图片，或调高 `max_bytes`"),
)
OLD_PICTURE: Final = CauseText(
    "old_picture",
    (
        "it hands out a picture that is {minutes} minutes old",
        "restart the camera; if it goes on, compare the time in its pictures with its clock, or raise `oldest_s`",
    ),
    ("给出的是 {minutes} 分钟前的图片", "重启摄像机；反复出现时，对照图片中的时间和摄像机时钟，或调高 `oldest_s`"),
)
NONE_USABLE: Final = CauseText(
    "no_snapshot_decodes",
    ("none of its last pictures can be used: one is {detail}", "restart the camera, or set it to JPEG"),
    ("最近几张图片都无法使用", "重启摄像机，或设为 JPEG"),
)
ONVIF_UNUSABLE: Final = CauseText(
    "onvif_unusable",
    (
        "no address of a picture by ONVIF: {detail}",
        "check `onvif_url` and `profile`, and that ONVIF is switched on in the camera; or give the picture's `url`",
    ),
    ("ONVIF 没有给出图片地址", "核对 `onvif_url` 和 `profile`，确认摄像机已启用 ONVIF；或直接填写图片的 `url`"),
)
SNAPSHOT_REFUSED: Final = CauseText(
    "snapshot_refused",
    (
        "device {device} refuses to take a snapshot",
        "renew its firmware (GB/T 28181-2022), or take its stream: kind gb28181",
    ),
    ("设备 {device} 拒绝抓拍", "升级其固件（GB/T 28181-2022），或改取码流：kind 为 gb28181"),
)
SNAPSHOT_UNASKED: Final = CauseText(
    "snapshot_unasked",
    ("no snapshot can be asked for: {detail}", "check the device's platform address, password and edition"),
    ("无法下达抓拍命令", "检查设备的平台地址、密码和标准版本"),
)
SNAPSHOT_NOT_SENT: Final = CauseText(
    "snapshot_not_sent",
    (
        "device {device} uploaded no snapshot within {seconds} s",
        "renew its firmware (GB/T 28181-2022), or take its stream: kind gb28181",
    ),
    ("设备 {device} 在 {seconds} 秒内没有上传抓拍图片", "升级其固件（GB/T 28181-2022），或改取码流：kind 为 gb28181"),
)
SNAPSHOT_NOT_ARRIVED: Final = CauseText(
    "snapshot_not_arrived",
    (
        "device {device} reports a snapshot as uploaded, and none came within {seconds} s",
        "open TCP port {port} of this machine to the device",
    ),
    ("设备 {device} 报告已上传抓拍图片，但 {seconds} 秒内没有收到", "向设备开放本机的 TCP 端口 {port}"),
)
UPLOAD_CLOSED: Final = CauseText(
    "snapshot_port_closed",
    ("no device can upload: {place} cannot be served ({error})", "end what uses it, or correct snapshot_port"),
    ("设备无法上传：{place} 不能监听（{error}）", "结束占用该端口的程序，或改正 snapshot_port"),
)
