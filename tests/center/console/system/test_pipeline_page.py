"""The page of the pipeline as it is answered: a stage with several findings stands in its list once."""

from pathlib import Path

from tests.center.whole import ADMINISTRATOR, whole_centre
from tests.support.waiting import until


def test_a_stage_with_two_findings_is_one_block(tmp_path: Path) -> None:
    with whole_centre(tmp_path) as whole, whole.browser(ADMINISTRATOR) as browser:
        # No parser answers, and no intake: two findings of the same stage, which is starting.
        until(lambda: whole.services.pipeline.last is not None)
        page = browser.get("/pipeline", headers={"accept-language": "en-GB"}).raise_for_status().text
    assert "no parser" in page.lower()
    assert page.count("Parsing \u00b7 ") == 1
