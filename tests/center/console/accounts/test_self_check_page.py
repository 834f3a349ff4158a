"""The page of the self-check in both languages; who may not see it is refused, and the audit has both."""

from pathlib import Path
from typing import Final

from center.access.refusals import ACTION
from tests.center.whole import ADMINISTRATOR, TECHNICIAN, whole_centre

TEXTS: Final = {
    "en-GB": (
        "Security check",
        "The account has no two-factor authentication.",
        "no_second_factor",
        "chmod 600",
        "What to do",
    ),
    "zh-CN": ("安全自查", "该账号没有设置双因素验证。", "no_second_factor", "chmod 600", "处理办法"),
}


def test_weaknesses_are_shown_in_both_languages_to_administrators_and_auditors(tmp_path: Path) -> None:
    with whole_centre(tmp_path) as whole:
        (tmp_path / "query-token").chmod(0o644)
        with whole.browser(ADMINISTRATOR) as browser:
            for language, texts in TEXTS.items():
                page = browser.get("/self-check", headers={"accept-language": language}).raise_for_status().text
                assert [text for text in texts if text not in page] == []
                assert f'data-user="{ADMINISTRATOR}"' in page  # of the watermark
        with whole.browser(TECHNICIAN) as browser:
            assert browser.get("/self-check").status_code == 403
        actions = [entry.action for entry in whole.services.audit.page(limit=10)]
    assert actions[0] == ACTION
    assert actions.count("self_check.run") == 2
