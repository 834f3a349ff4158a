"""Tables for spreadsheets: nothing that somebody else has chosen is computed."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.discover.proposal import Proposal, csv_text
from provisioning.files.spreadsheets import csv_file, safe_cell


@given(text=st.text(max_size=60))
def test_text_that_is_safe_stays_as_it_is(text: str) -> None:
    assert safe_cell(safe_cell(text)) == safe_cell(text)


@pytest.mark.parametrize("name", ["=1+1", "＝1+1", " =1+1", "\t@SUM(A1)", "－2"])
def test_no_list_lets_a_camera_name_itself_a_formula(name: str) -> None:
    written = csv_file([("name", "count"), (name, -1)]).decode("utf-8-sig")
    proposed = csv_text([Proposal(id="gate", name=name, note="")], "", "")
    for text, column in ((written, 0), (proposed, 1)):
        _, row = csv.reader(io.StringIO(text, newline=""))
        assert row[column].startswith("'")
    assert written.endswith(",-1\r\n")
