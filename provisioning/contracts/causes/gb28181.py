"""Has the words of causes of devices that register by GB/T 28181: registration, invitation and media."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

_CHANNEL: Final = "device {device}, channel {channel}, "
_CHANNEL_ZH: Final = "设备 {device} 通道 {channel} "


def _of_channel(code: str, english: tuple[str, str], chinese: tuple[str, str]) -> CauseText:
    """Makes the words of a channel's cause."""
    return CauseText(code, (_CHANNEL + english[0], english[1]), (_CHANNEL_ZH + chinese[0], chinese[1]))


NOT_REGISTERED: Final = CauseText(
    "device_not_registered",
    (
        "device {device} is not registered",
        (
            "check that it is on, and has this platform's address, its id and its domain; `wayside-edge devices`"
            " shows who knocks"
        ),
    ),
    (
        "设备 {device} 未注册",
        "检查是否通电，其中的平台地址、平台编码和域是否正确；`wayside-edge devices` 可看到谁在尝试注册",
    ),
)
NOT_THERE: Final = CauseText(
    "device_not_there",
    ("device {device} is not registered ({detail})", "see `wayside-edge devices`"),
    ("设备 {device} 未注册", "见 `wayside-edge devices`"),
)
NO_SECTION: Final = CauseText(
    "no_gb28181_section",
    ("its device registers, and there is no [gb28181]", "give [gb28181], where its device registers"),
    ("设备需要注册，而配置中没有 [gb28181]", "补上 [gb28181]，即设备注册的地址"),
)
AGENT_STOPPED: Final = CauseText(
    "agent_stopped",
    ("its device registers once the agent runs", "start it, and look again"),
    ("前端代理运行后设备才能注册", "启动前端代理后再检测"),
)
TURNED_AWAY: Final = CauseText(
    "device_turned_away",
    ("device {device} wants to register and is turned away: {detail}", "correct its password at the centre"),
    ("设备 {device} 请求注册被拒绝", "它的密码无法读取，在中心重新导入"),
)
WRONG_LOGIN: Final = CauseText(
    "device_wrong_login",
    (
        "device {device} at {host} wants to register and is turned away",
        "its user name or password is not the configured one",
    ),
    ("设备 {device}（{host}）请求注册被拒绝", "它的用户名或密码与配置不符，请改正"),
)
FOREIGN_NONCE: Final = CauseText(
    "device_foreign_nonce",
    (
        "device {device} at {host} wants to register and is turned away",
        "it logs in with a nonce of its own and heeds no challenge: it cannot be let in; renew its firmware",
    ),
    ("设备 {device}（{host}）请求注册被拒绝", "它自带随机数、不理会质询，无法放行；请升级其固件"),
)
LOGIN_UNANSWERED: Final = CauseText(
    "device_login_unanswered",
    (
        "device {device} at {host} wants to register and is turned away",
        (
            "it was asked for its password and gave none: set this platform's password in it; if one is set, it"
            " takes the question for a log-in: renew its firmware"
        ),
    ),
    (
        "设备 {device}（{host}）请求注册被拒绝",
        "要求它出示密码，它没有给：在设备里设置本平台的密码；已经设置的，是它把质询当成了登录成功，请升级其固件",
    ),
)
LOCKED: Final = CauseText(
    "device_locked",
    (
        "device {device} at {host} wants to register and is turned away",
        "too many wrong passwords: none is looked at for a minute",
    ),
    ("设备 {device}（{host}）请求注册被拒绝", "密码错误次数过多，一分钟内不再受理；请改正密码"),
)
NO_CHANNEL: Final = CauseText(
    "device_no_channel",
    ("device {device} has no channel {channel}", "see `wayside-edge devices --channels`"),
    ("设备 {device} 没有通道 {channel}", "见 `wayside-edge devices --channels`"),
)
NO_MEDIA_PORT_NAMED: Final = CauseText(
    "device_no_media_port",
    ("device {device} names no port to fetch its media from", "set transport to tcp_passive or udp"),
    ("设备 {device} 没有给出取媒体流的端口", "把 transport 设为 tcp_passive 或 udp"),
)
WENT_AWAY: Final = CauseText(
    "device_went_away",
    ("device {device} went away before it could say what it has", "check its power and network"),
    ("设备 {device} 在列出录像之前离线", "检查其供电和网络"),
)
PLATFORM_STOPS: Final = CauseText(
    "platform_stops", ("the agent's platform for devices does not run any more", ""), ("前端代理的国标服务已停止", "")
)
PLATFORM_MUTE: Final = CauseText(
    "platform_mute",
    ("device {device}: the agent's platform gave no answer in time", "see the agent's log and the machine's load"),
    ("设备 {device}：前端代理的国标服务未及时响应", "看前端代理日志和机器负载"),
)
PLATFORM_NOT_YET: Final = CauseText(
    "platform_not_yet",
    ("no device can be reached: the GB/T 28181 server does not run yet", ""),
    ("所有设备都无法连接，国标服务尚未启动", "稍候"),
)
PLATFORM_ENDED: Final = CauseText(
    "platform_ended",
    ("no device can be reached: the GB/T 28181 server has stopped", "the agent stops, or see its log"),
    ("所有设备都无法连接，国标服务已停止", "前端代理正在停止；不是的话，看它的日志"),
)
PLATFORM_SILENT: Final = CauseText(
    "platform_silent",
    (
        "no device can be reached: the GB/T 28181 server does not answer",
        "see the agent's log and the machine's load",
    ),
    ("所有设备都无法连接，国标服务无响应", "看前端代理日志和机器负载"),
)
PORT_TAKEN: Final = CauseText(
    "platform_port_taken",
    ("no device can register: {place} cannot be served ({error})", "end what uses it, or correct [gb28181]"),
    ("设备无法注册：{place} 不能监听（{error}）", "结束占用该端口的程序，或改正 [gb28181]"),
)
MEDIA_PORT_UNUSABLE: Final = CauseText(
    "media_port_unusable",
    ("media port {port} cannot be opened ({error})", "correct gb28181.media_ports"),
    ("媒体端口 {port} 无法打开（{error}）", "改正 gb28181.media_ports"),
)
NO_MEDIA_PORT: Final = CauseText(
    "no_media_port",
    (
        "no media port is free: {count} even ports are in use",
        "widen gb28181.media_ports, two numbers a camera and as many again for sessions that are just over",
    ),
    (
        "没有空闲的媒体端口，{count} 个偶数端口都在用",
        "扩大 gb28181.media_ports：每台摄像机两个号，刚结束的会话再留同样多",
    ),
)
NOT_ASKED: Final = CauseText(
    "device_not_asked",
    ("device {device} is not asked for media now: {detail}", ""),
    ("现在不向设备 {device} 请求媒体流", "稍后自动重试"),
)
MEDIA_UNREACHABLE: Final = CauseText(
    "media_unreachable",
    (
        "no connection to {place}, where the device said that its media are to be fetched ({why})",
        "set transport to tcp_passive or udp, or open the way there",
    ),
    ("无法连接 {place}，即设备给出的取流地址（{why}）", "把 transport 设为 tcp_passive 或 udp，或放通该地址"),
)
MEDIA_SOCKET: Final = CauseText(
    "media_socket_unreadable",
    ("its media socket cannot be read ({error})", "see the agent's log"),
    ("媒体流套接字无法读取（{error}）", "看前端代理日志"),
)
MEDIA_CLOSED: Final = CauseText(
    "media_closed",
    ("the connection of its media with {place} was closed", "look at its network"),
    ("与 {place} 的媒体流连接被关闭", "检查网络"),
)
MEDIA_OVERRUN: Final = CauseText(
    "media_overrun",
    ("its recording came faster than it was taken, and a part was lost", "use TCP, or lower `speed`"),
    ("录像到达的速度超过处理速度，部分内容丢失", "改用 TCP，或降低 `speed`"),
)
MEDIA_GIVEN_UP: Final = CauseText(
    "media_given_up",
    ("the connection of its media was given up: {detail}", "look at its network and firmware"),
    ("媒体流连接已放弃", "检查网络和设备固件"),
)
REGISTERS_AT_MEDIA_PORT: Final = CauseText(
    "registers_at_media_port",
    ("the device registers at {place}, which is for its media", "set the platform's SIP port in the device"),
    ("设备向 {place} 注册，而该端口用于媒体流", "在设备里设置平台的 SIP 端口"),
)
MEDIA_CODEC: Final = CauseText(
    "media_codec",
    ("it sends {codec}", "set it to H.264 or H.265"),
    ("设备发送的是 {codec}", "设为 H.264 或 H.265"),
)
NO_MEDIA_FETCHED: Final = CauseText(
    "no_media_fetched",
    (
        (
            "no media within {seconds} s: connected to {place} over TCP, and nothing came ({foreign} packets came"
            " that are none of its media)"
        ),
        "set transport otherwise",
    ),
    (
        "{seconds} 秒内没有媒体流：已用 TCP 连接 {place}，没有数据（另有 {foreign} 个不相干的数据包）",
        "换一种 transport",
    ),
)
NO_MEDIA_SENT: Final = CauseText(
    "no_media_sent",
    (
        (
            "no media within {seconds} s: the device was told to send to {place} over {transport} ({foreign}"
            " packets came that are none of its media)"
        ),
        "is that address its way here?",
    ),
    (
        "{seconds} 秒内没有媒体流：已要求设备用 {transport} 发到 {place}（另有 {foreign} 个不相干的数据包）",
        "确认设备能到达该地址，检查防火墙",
    ),
)
MEDIA_STOPPED: Final = CauseText(
    "media_stopped",
    ("its media stopped {seconds} s ago, without a word", "look at its network"),
    ("媒体流 {seconds} 秒前无故停止", "检查网络"),
)
MEDIA_NO_KEYFRAME: Final = CauseText(
    "media_no_keyframe",
    (
        "no whole keyframe for {seconds} s ({lost} packets lost so far)",
        "set an I-frame interval of 2 to 4 s in the device, look for loss on its network, or use TCP",
    ),
    (
        "已有 {seconds} 秒没有完整的关键帧（至今丢包 {lost} 个）",
        "在设备里把 I 帧间隔设为 2 到 4 秒，检查丢包，或改用 TCP",
    ),
)
NO_RECORDING: Final = CauseText(
    "no_recording",
    (
        "device {device} has no recording of channel {channel} in this span",
        "check the span, and the device's clock",
    ),
    ("设备 {device} 在这段时间没有通道 {channel} 的录像", "核对时间段和设备时钟"),
)
INVITE_OVER: Final = _of_channel("invite_over", ("says that there is no more", ""), ("表示已无更多内容", ""))
INVITE_NO_ANSWER: Final = _of_channel(
    "invite_no_answer",
    ("did not answer the INVITE within 10 s; it is cancelled", "look at its network"),
    ("10 秒内没有应答 INVITE，已取消", "检查网络"),
)
INVITE_NO_PICTURE: Final = _of_channel(
    "invite_no_picture",
    ("took the INVITE, and no usable picture came within 75 s", "set its keyframe interval to a few seconds"),
    ("接受了 INVITE，但 75 秒内没有可用画面", "把关键帧间隔设为几秒"),
)
INVITE_BYE: Final = _of_channel("invite_bye", ("hung up", ""), ("挂断了会话", "反复出现时，看设备允许几路取流"))
INVITE_OFFLINE: Final = _of_channel(
    "invite_offline",
    ("is not registered any more, or registered anew from elsewhere", ""),
    ("注册已失效，或已从别处重新注册", "检查设备供电和网络"),
)
INVITE_HUNG_UP: Final = _of_channel(
    "invite_hung_up", ("was hung up on, as the agent's platform stops", ""), ("的会话因国标服务停止而挂断", "")
)
INVITE_LOGIN: Final = _of_channel(
    "invite_login",
    ("refuses us ({status})", "is this platform's id set in it, and the right password here?"),
    ("拒绝本平台（{status}）", "核对设备里的平台编码和这里的密码"),
)
INVITE_BUSY: Final = _of_channel(
    "invite_busy",
    (
        "is busy ({status})",
        "it gives no more streams at once, or has not heard that the last is over; close others, or take stream 1",
    ),
    ("忙（{status}）", "它同时不再给出更多码流，或还不知道上一路已结束；关闭其他取流，或改用 stream 1"),
)
INVITE_OTHERWISE: Final = _of_channel(
    "invite_otherwise",
    ("does not send in this way ({status})", "set `transport` or `stream` of this camera otherwise"),
    ("不支持这种传输方式（{status}）", "更改该摄像机的 `transport` 或 `stream`"),
)
INVITE_NO_CHANNEL: Final = _of_channel(
    "invite_no_channel",
    ("has no such channel ({status})", "compare its id with `wayside-edge devices`"),
    ("不存在（{status}）", "与 `wayside-edge devices` 核对编码"),
)
INVITE_NOT_RECORDED: Final = _of_channel(
    "invite_not_recorded",
    (
        "has no such channel, or nothing recorded in this span ({status})",
        (
            "compare the channel and the device's clock with `wayside-edge devices`; one that takes the span for local"
            " time needs `span_shift_s` = 28800"
        ),
    ),
    (
        "不存在，或在这段时间没有录像（{status}）",
        "用 `wayside-edge devices` 核对通道和设备时钟；把时间段当成本地时间的设备需要 `span_shift_s` = 28800",
    ),
)
INVITE_OFF: Final = _of_channel(
    "invite_off",
    ("says that the channel is off ({status})", "look at the camera behind it"),
    ("表示通道不在线（{status}）", "检查其后的摄像机"),
)
INVITE_TOO_SOON: Final = _of_channel(
    "invite_too_soon",
    ("was asked again too soon ({status})", "it is tried again"),
    ("重复请求过快（{status}）", "稍后自动重试"),
)
INVITE_REFUSED: Final = _of_channel(
    "invite_refused", ("refuses ({status})", "see its log"), ("拒绝（{status}）", "看设备日志")
)
