"""Has the words of causes of streams: RTSP, the process that captures, and what health sees of it."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

LOGIN_REFUSED: Final = CauseText(
    "login_refused",
    ("{place} refuses user or password", "check username and password_file"),
    ("{place} 拒绝用户名或密码", "核对 username 和 password_file"),
)
SEALED_LOGIN_REFUSED: Final = CauseText(
    "sealed_login_refused",
    ("{place} refuses user or password", "import the camera again with the right ones"),
    ("{place} 拒绝用户名或密码", "用正确的用户名和密码重新导入该摄像机"),
)
LOGIN_TOO_LONG: Final = CauseText(
    "login_too_long",
    ("user and password take {bytes} bytes percent-encoded, FFmpeg has room for {most}", "shorten them in the camera"),
    ("用户名和密码经百分号编码后占 {bytes} 字节，FFmpeg 最多容纳 {most} 字节", "在摄像机里改短"),
)
PASSWORD_SEALED: Final = CauseText(
    "password_sealed",
    ("its password is sealed and this agent not enrolled", "enrol it"),
    ("密码是加密下发的，而前端代理尚未注册", "先注册该前端代理"),
)
PASSWORD_UNUSABLE: Final = CauseText(
    "password_unusable",
    ("its password cannot be read ({detail})", "import the camera again, or correct password_file"),
    ("密码无法读取或解封", "重新导入该摄像机，或检查 password_file 的内容和权限"),
)
NO_SUCH_STREAM: Final = CauseText(
    "no_such_stream",
    ("{place} has no such stream", "check the path of the address"),
    ("{place} 没有这一路码流", "核对地址中的路径"),
)
CONNECTION_REFUSED: Final = CauseText(
    "connection_refused",
    ("{place} refuses the connection", "check address and port"),
    ("{place} 拒绝连接", "核对地址和端口"),
)
CONNECT_TIMEOUT: Final = CauseText(
    "connect_timeout",
    ("{place} did not answer within {seconds} s", "check address and network"),
    ("{place} 在 {seconds} 秒内无应答", "核对地址和网络"),
)
ACCEPTS_AND_IS_MUTE: Final = CauseText(
    "accepts_and_is_mute",
    (
        "{place} accepts the connection and does not answer within {seconds} s",
        "restart the camera; check that this is its RTSP port, and how many streams it allows",
    ),
    (
        "{place} 接受连接，但 {seconds} 秒内不作应答",
        "重启摄像机；核对这是不是它的 RTSP 端口，以及它允许几路取流",
    ),
)
NO_RTSP_VIDEO: Final = CauseText(
    "no_rtsp_video",
    ("{place} takes the connection but offers no RTSP video", "check port and path"),
    ("{place} 接受连接，但不提供 RTSP 视频", "核对端口和路径"),
)
NO_RTSP_OVER_TCP: Final = CauseText(
    "no_rtsp_over_tcp",
    ("{place} offers no RTSP over TCP", "switch it on in the camera (interleaved)"),
    ("{place} 不提供基于 TCP 的 RTSP", "在摄像机里启用（interleaved）"),
)
CANNOT_BE_OPENED: Final = CauseText(
    "cannot_be_opened",
    ("{place} cannot be opened ({error})", "check its address, and restart the camera"),
    ("{place} 无法打开（{error}）", "核对地址，并重启摄像机"),
)
NO_VIDEO_STREAM: Final = CauseText(
    "no_video_stream",
    ("{place} offers no video stream", "check the path of the address"),
    ("{place} 没有视频流", "核对地址中的路径"),
)
WRONG_CODEC: Final = CauseText(
    "wrong_codec",
    ("{place} sends {codec} video", "set the camera to H.264 or H.265"),
    ("{place} 发送的是 {codec} 视频", "把摄像机设为 H.264 或 H.265"),
)
SENT_NOTHING: Final = CauseText(
    "sent_nothing",
    ("{place} sent nothing for {seconds} s or more", "look at the camera's load and its network"),
    ("{place} 已有 {seconds} 秒或更久没有发来数据", "检查摄像机负载和网络"),
)
BROKE_OFF: Final = CauseText(
    "broke_off",
    ("{place} broke the stream ({error})", "if it goes on, see how many streams the camera allows"),
    ("{place} 中断了码流（{error}）", "反复出现时，看摄像机允许几路取流"),
)
CLOSED_STREAM: Final = CauseText(
    "closed_stream",
    ("{place} closed the stream", "if it goes on, see how many streams the camera allows"),
    ("{place} 关闭了码流", "反复出现时，看摄像机允许几路取流"),
)
NO_PROCESS: Final = CauseText(
    "no_process",
    ("{error}; it is tried again", "see the machine's memory and the agent's log"),
    ("无法启动采集进程，将再次尝试", "检查机器内存和前端代理日志"),
)
DECODER_CRASHED: Final = CauseText(
    "decoder_crashed",
    ("the decoder crashed ({how}); it is started again", "if it goes on, see the agent's log"),
    ("解码进程崩溃（{how}），已重新启动", "反复出现时，看前端代理日志"),
)
DECODER_SILENT: Final = CauseText(
    "decoder_silent",
    (
        "its decoder gave no sign of life for {seconds} s and was ended; it is started again",
        "if it goes on, see the machine's load",
    ),
    ("解码进程 {seconds} 秒没有动静，已终止并重新启动", "反复出现时，看机器负载"),
)
DECODER_GONE: Final = CauseText(
    "decoder_gone",
    ("the process of its decoder is gone; it is started again", "if it goes on, see the agent's log"),
    ("解码进程已不在，已重新启动", "反复出现时，看前端代理日志"),
)
DECODER_NONSENSE: Final = CauseText(
    "decoder_nonsense",
    ("the process of its decoder sent {detail}; it is started again", "if it goes on, see the agent's log"),
    ("解码进程发来无法识别的内容，已重新启动", "反复出现时，看前端代理日志"),
)
NOTHING_CAME: Final = CauseText(
    "nothing_came",
    (
        "nothing came of it for more than {seconds} s",
        "look at its power and network; where it is there, see the agent's log and the machine's load",
    ),
    ("已有 {seconds} 秒以上没有任何数据", "检查供电和网络；都正常时，看前端代理日志和机器负载"),
)
NEVER_HEARD: Final = CauseText(
    "never_heard_at_start",
    ("nothing was heard of it in the first {seconds} s", "see the agent's log and the machine's load"),
    ("启动后 {seconds} 秒内没有任何数据", "看前端代理日志和机器负载"),
)
NONE_DECODES: Final = CauseText(
    "none_decodes",
    (
        "it sends pictures, and none of the last {seconds} s decodes",
        "look for packet loss on its network, restart it, or set it to the other codec (H.264, H.265)",
    ),
    ("有画面数据，但最近 {seconds} 秒没有一幅能解码", "检查丢包，重启摄像机，或换另一种编码（H.264、H.265）"),
)
NO_KEYFRAME: Final = CauseText(
    "no_keyframe",
    (
        "it sends, but no keyframe for more than {seconds} s",
        "set a key-frame (I-frame) interval of 2 to 4 s in the camera, and look for packet loss on its network",
    ),
    ("有数据，但已有 {seconds} 秒以上没有关键帧", "在摄像机里把关键帧（I 帧）间隔设为 2 到 4 秒，并检查丢包"),
)
NO_PICTURE_CAME: Final = CauseText(
    "no_picture_came",
    ("delivers no picture ({detail})", "compare the stream's path with the camera's"),
    ("没有画面", "核对码流路径，看前端代理日志"),
)
