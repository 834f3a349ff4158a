"""Has the words of each one-word cause of the assessment in both languages.

A page shows the reader's, a file that leaves shows both: it is read outside the console's language.
"""

from typing import Final, NamedTuple

from center.assessment.recording.reading import CONTRADICTION
from provisioning.contracts.causes.text import CHINESE
from provisioning.contracts.wire.messages import ClockSource, PictureCheck


class Words(NamedTuple):
    """The words of one cause."""

    english: str
    chinese: str

    def in_language(self, code: str) -> str:
        """Returns the words in a language of the console."""
        return self.chinese if code == CHINESE else self.english

    @property
    def both(self) -> str:
        """Words in Chinese and English side by side; once where they are the same."""
        return self.chinese if self.chinese == self.english else f"{self.chinese} {self.english}"


CHECKS: Final = {
    PictureCheck.DARK: Words("Dark", "过暗"),
    PictureCheck.BRIGHT: Words("Too bright", "过亮"),
    PictureCheck.BLURRED: Words("Blurred", "模糊"),
    PictureCheck.FROZEN: Words("Frozen", "画面冻结"),
    PictureCheck.OCCLUDED: Words("Lens covered", "镜头遮挡"),
    PictureCheck.COLOUR_CAST: Words("Colour cast", "偏色"),
    PictureCheck.STRIPE: Words("Stripes", "条纹"),
    PictureCheck.NOISE: Words("Noise", "噪声"),
    PictureCheck.SIGNAL_LOST: Words("Signal lost", "信号丢失"),
    PictureCheck.SCENE_MOVED: Words("Scene moved", "场景变动"),
    PictureCheck.LOW_CONTRAST: Words("Low contrast", "对比度低"),
}
CAUSES: Final = {
    **{check.value: words for check, words in CHECKS.items()},
    "maintenance": Words("Planned maintenance", "计划检修"),
    "never_heard": Words("Not reported by any agent", "没有前端代理上报过"),
    "state_not_known": Words("State unknown", "状态未知"),
    "no_cameras": Words("No cameras", "没有摄像机"),
    "clock_not_told": Words("Clock not reported", "未上报时钟"),
    "no_pictures": Words("No pictures", "没有图片"),
    "not_known_whether_due": Words("Unknown whether a picture was due", "无法判断是否应有图片"),
    "not_registered": Words("Not in the register", "不在台账中"),
    "not_looked_at": Words("Picture not checked", "未做图像诊断"),
    "nothing_ended": Words("No picture processed yet", "还没有图片处理完毕"),
    "nothing_selected": Words("No picture selected", "没有选取图片"),
    "books_not_told_twice": Words("Agent counters not yet reported in two hours", "尚未收到前端代理两个小时的计数"),
    "clock_off": Words("Clock deviation", "时钟偏差"),
    "clock_contradiction": Words("Clock sources contradict each other", "时钟来源互相矛盾"),
    "late_pictures": Words("Pictures delayed", "图片延迟"),
    "no_picture_in_an_hour": Words("No picture for one hour", "有整点时段无图片"),
    "rejected": Words("Pictures rejected", "图片被拒收"),
    "dropped": Words("Pictures dropped", "图片被丢弃"),
    "books_do_not_close": Words("Counters do not add up", "计数不一致"),
    "place_missing": Words("Coordinates missing", "缺少经纬度"),
    "place_zero": Words("Coordinates are 0, 0", "经纬度为 0, 0"),
    "place_swapped": Words("Longitude and latitude are swapped", "经纬度颠倒"),
    "place_implausible": Words("Coordinates not plausible", "经纬度不合理"),
    "place_outside_district": Words("Location outside the district", "位置在辖区之外"),
    "place_duplicate": Words("Same coordinates as another camera", "与其他摄像机经纬度重复"),
    "code_missing": Words("Code missing", "缺少编码"),
    "code_duplicate": Words("Same code as another camera", "与其他摄像机编码重复"),
    "code_other_region": Words("Code of another region", "编码属于其他行政区"),
    "code_not_20_digits": Words("Code does not have 20 digits", "编码不是 20 位"),
    "code_no_such_province": Words("Unknown province in code", "编码中的省份不存在"),
    "code_not_a_camera": Words("Code is not a camera code", "编码类型不是摄像机"),
    "agent_silent": Words("Agent not reporting", "前端代理无心跳"),
    "agent_revoked": Words("Agent revoked", "前端代理已吊销"),
    "agent_pending": Words("Agent not enrolled", "前端代理未注册"),
    "broker_away": Words("Broker unreachable", "消息服务器不可达"),
    "paused": Words("Paused", "已暂停"),
    "starting": Words("Starting", "启动中"),
    "unreachable": Words("Unreachable", "不可达"),
    "no_answer": Words("No response", "无应答"),
    "transport_refused": Words("No RTSP over TCP", "不提供基于 TCP 的 RTSP"),
    "wrong_credentials": Words("Wrong user or password", "用户名或密码错误"),
    "login_ignored": Words("Device does not authenticate as required", "设备未按要求认证"),
    "not_found": Words("Stream not found", "码流不存在"),
    "no_picture": Words("No decodable video", "没有可解码的视频"),
    "stalled": Words("Stream stalled", "码流停滞"),
    "ended": Words("Stream closed", "码流被关闭"),
    "crashed": Words("Decoder crashed", "解码进程崩溃"),
    "silent": Words("Device not responding", "设备无应答"),
    "stale": Words("No keyframe", "没有关键帧"),
    "undecodable": Words("Pictures cannot be decoded", "画面无法解码"),
    "over": Words("Recording finished", "录像已播完"),
    "failed": Words("Other fault", "其他故障"),
}
SOURCES: Final = {
    ClockSource.RTCP: Words("RTCP", "RTCP"),
    ClockSource.SIP: Words("GB/T 28181", "GB/T 28181"),
    ClockSource.ONVIF: Words("ONVIF", "ONVIF"),
    ClockSource.PICTURE: Words("Time in the picture", "画面中的时间"),
    ClockSource.PUSHED: Words("Times of pushed pictures", "推送图片的时间"),
}
"""Sources of a camera's clock."""
GAPS: Final = {
    "centre_stopped": Words("Centre stopped", "中心已停止"),
    "broker_away": Words("Broker unreachable", "消息服务器不可达"),
    "not_watched": Words("Server of the centre was asleep", "中心所在机器休眠"),
}


def words_of(cause: str) -> Words:
    """Returns the words of a cause; one that only a newer agent knows is its own words."""
    word = cause.removeprefix("unknown:")
    if word.startswith(CONTRADICTION):
        return contradiction(word.removeprefix(CONTRADICTION))
    return CAUSES.get(word, Words(word, word))


def gap_words(cause: str) -> Words:
    """Returns the words of the cause for which the centre did not watch; see `words_of`."""
    return GAPS.get(cause, Words(cause, cause))


def sources_of(pair: str) -> Words:
    """Returns the names of two sources of a camera's clock, as `rtcp+sip` in a cause."""
    known = set(ClockSource)
    names = [SOURCES[ClockSource(each)] if each in known else Words(each, each) for each in pair.split("+")]
    english, chinese = (" / ".join(each) for each in zip(*names, strict=True))
    return Words(english, chinese)


def contradiction(pair: str) -> Words:
    """Returns the words for two sources of a camera's clock that contradict each other."""
    names = sources_of(pair)
    return Words(f"Clock by {names.english}: contradictory", f"时钟来源 {names.chinese} 互相矛盾")
