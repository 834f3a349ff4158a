from center.console.labels import cause
from center.console.language import LANGUAGES
from center.fleet.devices import CameraView, CauseKind, DeviceState

TEXT = "camera gate-1: 192.0.2.7:554 refuses user or password: import the camera again with the right ones"


def camera(code: str, text: str) -> CameraView:
    return CameraView(
        agent_id="cabinet-7",
        camera_id="gate-1",
        name="",
        state=DeviceState.OFFLINE,
        cause_kind=CauseKind.NONE,
        cause=text,
        code=code,
        since_ms=1,
        heard_at_ms=1,
    )


def test_a_cause_with_a_code_is_named_in_the_language_of_the_page_before_the_agents_own_text() -> None:
    refused = camera("wrong_credentials", TEXT)
    assert cause(refused, LANGUAGES["zh"]) == f"用户名或密码错误 · {TEXT}"
    assert cause(refused, LANGUAGES["en"]) == f"Wrong user or password · {TEXT}"


def test_an_agents_text_without_a_known_code_is_passed_on() -> None:
    assert cause(camera("of_a_newer_agent", TEXT), LANGUAGES["zh"]) == TEXT
    assert cause(camera("starting", ""), LANGUAGES["zh"]) == ""
