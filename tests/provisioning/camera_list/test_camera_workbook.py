"""Lists in XLSX, written by openpyxl and then damaged in every way that comes to mind."""

import io
import random
import re
import zipfile
from datetime import datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.camera_list import reader
from provisioning.camera_list.reader import CameraList, CameraRow
from provisioning.errors import CameraListError

HEADINGS = ("id", "name", "url", "username", "password", "latitude", "longitude")
CODE = "34020000001320000001"
SOUND = (CODE, "东门", "rtsp://10.0.0.5/1", "admin", "x", 31.82, 117.22)
PRINTABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn")).filter(str.isprintable)
MARK = "Zq7Zq7"
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*rows: tuple[object, ...]) -> bytes:
    """A workbook whose texts stay texts, whatever they begin with."""
    book = openpyxl.Workbook()
    sheet = book.active
    for line, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(line, column, value)
            if isinstance(value, str):
                cell.data_type = "s"
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def with_sheet(xml: str) -> bytes:
    """A workbook whose sheet holds these rows."""
    return packed(
        {
            **parts(INLINE),
            SHEET: f'<worksheet xmlns="{MAIN}"><sheetData>{xml}</sheetData></worksheet>'.encode(),
        }
    )


def with_strings(data: bytes) -> bytes:
    """The same workbook as Excel writes it: texts stand in a table, and cells hold their places in it."""
    contents = parts(data)
    texts: list[str] = []

    def place(found: re.Match[str]) -> str:
        texts.append(f"<si>{found[1]}</si>")
        return f't="s"><v>{len(texts) - 1}</v>'

    sheet = re.sub(r't="inlineStr"><is>(.*?)</is>', place, contents[SHEET].decode(), flags=re.DOTALL)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    types = contents["[Content_Types].xml"].decode().replace("</Types>", override)
    return packed(
        {
            **contents,
            "[Content_Types].xml": types.encode(),
            SHEET: sheet.encode(),
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{"".join(texts)}</sst>'.encode(),
        }
    )


INLINE = workbook(HEADINGS, SOUND, ("lane-2", None, f"rtsp://admin:{MARK}@10.0.0.6/1", None, MARK))
WHOLE = with_strings(INLINE)


class Lists:
    """Reads what a test writes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cameras.csv"  # what is in it counts, not what it is called

    def read(self, data: bytes) -> CameraList:
        self.path.write_bytes(data)
        return reader.read(self.path)

    def refusal(self, data: bytes) -> str:
        with pytest.raises(CameraListError) as caught:
            self.read(data)
        return str(caught.value)

    def said(self, data: bytes) -> str:
        """Everything that a reader says, whatever becomes of the file."""
        try:
            return "\n".join(map(str, (*(read := self.read(data)).faults, *read.notes)))
        except CameraListError as error:
            return str(error)


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(tmp_path)


def test_a_workbook_is_read(lists: Lists) -> None:
    read = lists.read(workbook((), ("国标编码", "名称", "取流地址", "用户名", "密码", "纬度", "经度"), (), SOUND))
    assert read == CameraList(
        (CameraRow(4, CODE, "东门", "rtsp://10.0.0.5/1", "admin", "x", 31.82, 117.22),), (), "xlsx"
    )


def test_texts_of_several_fonts_with_a_reading_beside_them_are_read(lists: Lists) -> None:
    rich = '<r><t>东</t></r><r><rPr><b/></rPr><t>门</t></r><rPh sb="0" eb="1"><t>dongmen</t></rPh>'
    plain = "<t>东门</t>"
    contents = parts(WHOLE)
    strings = contents["xl/sharedStrings.xml"].decode()
    assert plain in strings
    changed = {**contents, "xl/sharedStrings.xml": strings.replace(plain, rich).encode()}
    assert lists.read(packed(changed)).rows[0].name == "东门"


def test_only_the_first_sheet_is_read(lists: Lists) -> None:
    book = openpyxl.Workbook()
    book.active.append(("id", "url"))
    book.create_sheet("other").append(("nothing", "of", "use"))
    assert lists.read(saved(book)) == CameraList((), (), "xlsx")


def test_a_code_that_excel_made_a_number_of_is_recognised(lists: Lists) -> None:
    for number in (34020000001320000000, 3.402000000132e19, 340200000013200000):
        (fault,) = lists.read(workbook(("id", "url"), (number, "rtsp://h/1"))).faults
        assert (fault.line, fault.column) == (2, "id")
        assert "format the column as text" in fault.text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (datetime(2024, 1, 5), "a date"),  # noqa: DTZ001 - a cell knows no zone
        (time(1, 2), "a date"),
        (True, "yes or no"),
        (1.5, "holds a number"),
        (-5, "holds a number"),
        (1234567890123456, "15 of its digits"),
    ],
)
def test_a_password_that_excel_took_for_something_else_is_a_fault(lists: Lists, value: object, said: str) -> None:
    (fault,) = lists.read(workbook(HEADINGS, ("a", "", "rtsp://h/1", "admin", value))).faults
    assert (fault.line, fault.column) == (2, "password")
    assert said in fault.text


def test_whole_numbers_are_their_digits(lists: Lists) -> None:
    (row,) = lists.read(workbook(HEADINGS, ("a", 7, "rtsp://h/1", 888888, 123456, 31, 117.0))).rows
    assert (row.name, row.username, row.password, row.latitude, row.longitude) == ("7", "888888", "123456", 31.0, 117.0)


def test_a_number_is_an_id_only_by_its_digits(lists: Lists) -> None:
    (fault,) = lists.read(workbook(("id", "url"), (12, "rtsp://h/1"))).faults
    assert "20 digits, this has 2" in fault.text


def test_a_password_that_became_a_broken_formula_is_a_fault(lists: Lists) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    book.active.append(("a", "", "rtsp://h/1", "admin", "#NAME?"))
    assert "formula" in lists.read(saved(book)).faults[0].text


def test_a_formula_counts_as_its_value_and_without_one_as_nothing(lists: Lists) -> None:
    cells = '<c t="inlineStr"><is><t>{}</t></is></c>'
    rows = f"<row>{cells.format('id')}{cells.format('url')}{cells.format('name')}</row>"
    rows += f'<row>{cells.format("a")}{cells.format("rtsp://h/1")}<c t="str"><f>1+1</f><v>Gate</v></c></row>'
    rows += f"<row>{cells.format('b')}{cells.format('rtsp://h/2')}<c><f>1+1</f></c></row>"
    assert [row.name for row in lists.read(with_sheet(rows)).rows] == ["Gate", ""]


def test_a_value_under_no_heading_is_a_fault(lists: Lists) -> None:
    (fault,) = lists.read(workbook(("id", "url"), ("a", "rtsp://h/1", None, MARK))).faults
    assert "column 4, which has no heading" in fault.text


def test_too_many_cameras_are_refused(lists: Lists) -> None:
    rows = [(f"c{n}", f"rtsp://h/{n}") for n in range(2001)]
    assert "more than 2,000 lines" in lists.refusal(workbook(("id", "url"), *rows))
    assert len(lists.read(workbook(("id", "url"), *rows[:-1])).rows) == 2000


def test_a_camera_in_the_last_row_of_a_sheet_is_read(lists: Lists) -> None:
    book = openpyxl.Workbook()
    book.active.append(("id", "url"))
    for column, value in enumerate(("a", "rtsp://h/1"), 1):
        book.active.cell(1_048_576, column, value)
    assert [row.line for row in lists.read(saved(book)).rows] == [1_048_576]


def test_a_row_that_claims_to_be_far_beyond_the_last_one_ends_the_sheet(lists: Lists) -> None:
    assert "the list is empty" in lists.refusal(with_sheet(f'<row r="{10**18}"><c><v>1</v></c></row>'))


def test_a_wide_sheet_is_refused(lists: Lists) -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"/></row>' for n in range(1, 100))
    assert "more than 1,000,000 cells" in lists.refusal(with_sheet(rows))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("xl/media/image1.png", bytes(16 * 1024**2)),
        ("xl/media/image1.png", b"<" + b"a" * 6 * 1024**2),
        ("xl/media/image1.png", ("<" + "a" * 3 * 1024**2).encode("utf-16")),
    ],
)
def test_a_workbook_that_unpacks_to_more_than_a_list_is_refused_unread(lists: Lists, name: str, content: bytes) -> None:
    bomb = packed({**parts(WHOLE), name: content})
    assert len(bomb) < 64 * 1024
    assert "the workbook unpacks to over" in lists.refusal(bomb)


def test_a_workbook_of_very_many_parts_is_refused(lists: Lists) -> None:
    assert "1,000 parts" in lists.refusal(packed({f"{n}": b"" for n in range(1001)}))


def test_photographs_on_the_sheet_do_no_harm(lists: Lists) -> None:
    photograph = random.Random(1).randbytes(7 * 1024**2)
    assert lists.read(packed({**parts(WHOLE), "xl/media/image1.jpeg": photograph})) == lists.read(WHOLE)


def test_a_directory_that_lies_about_a_size_does_not_help_a_bomb(lists: Lists) -> None:
    contents = {**parts(WHOLE), "xl/media/image1.png": bytes(32 * 1024**2)}
    true, false = (32 * 1024**2).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert "damaged" in lists.refusal(packed(contents).replace(true, false))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(lists: Lists, encoding: str) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY l0 "x">{levels}]><sst>&l8;</sst>'
    bomb = packed({**parts(WHOLE), "xl/sharedStrings.xml": xml.encode(encoding)})
    assert "declares a document type" in lists.refusal(bomb)


@pytest.mark.parametrize(
    "data",
    [
        packed({"a": b""}),
        packed({"[Content_Types].xml": b"<Types/>"}),
        WHOLE[:200],
        WHOLE[:-30],
        packed({name: content for name, content in parts(WHOLE).items() if name != SHEET}),
        packed({**parts(WHOLE), SHEET: b"<worksheet"}),
        packed({**parts(WHOLE), SHEET: b"<a>" * 100_000}),
        packed(parts(WHOLE), zipfile.ZIP_LZMA)[:-400],
        re.sub(rb"(PK\x01\x02.{4})..", rb"\1" + b"\x01\0", WHOLE, flags=re.DOTALL),
    ],
    ids=["no types", "empty types", "start", "no end", "no sheet", "broken sheet", "deep sheet", "lzma", "encrypted"],
)
def test_what_is_no_workbook_is_refused(lists: Lists, data: bytes) -> None:
    assert re.search("no XLSX workbook|no sheet with cells", lists.refusal(data))


@given(password=st.text(PRINTABLE, min_size=1, max_size=10).filter(str.strip))  # of blanks alone a cell is empty
def test_every_password_survives_its_cell(lists: Lists, password: str) -> None:
    data = workbook(HEADINGS, ("a", "", "rtsp://h/1", "u", password))
    for whole in (data, with_strings(data)):
        assert [row.password for row in lists.read(whole).rows] == [password]


@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.none(),
                st.booleans(),
                st.integers(),
                st.floats(allow_nan=False, allow_infinity=False),
                st.datetimes(min_value=datetime(1901, 1, 1)),  # noqa: DTZ001 - a cell knows no zone
                st.sampled_from([*HEADINGS, *SOUND, MARK, f"rtsp://admin:{MARK}@h/1", f"rtsp://{MARK}", f"#{MARK}"]),
            ),
            max_size=9,
        ).map(tuple),
        max_size=5,
    )
)
def test_any_cells_are_a_list_or_an_error_that_repeats_no_password(
    lists: Lists, rows: list[tuple[object, ...]]
) -> None:
    assert MARK not in lists.said(workbook(HEADINGS, *rows))
    assert MARK not in lists.said(workbook(*rows))


@given(data=st.binary(max_size=400), whole=st.booleans())
def test_any_bytes_are_a_list_or_an_error(lists: Lists, data: bytes, *, whole: bool) -> None:
    assert MARK not in lists.said(b"PK\x03\x04" + data + (WHOLE if whole else b""))


@given(position=st.integers(0, len(WHOLE) - 1), flip=st.integers(1, 255))
def test_one_flipped_byte_of_the_archive_is_a_list_or_an_error(lists: Lists, position: int, flip: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[position] ^= flip
    assert MARK not in lists.said(bytes(damaged))


CONTENTS = parts(WHOLE)
WORDS = re.compile(rb'"[^"]*"|<[^<>]*>|[\w.]+')


@settings(max_examples=300)
@given(name=st.sampled_from(sorted(CONTENTS)), data=st.data())
def test_a_part_of_any_other_content_is_a_list_or_an_error(lists: Lists, name: str, data: st.DataObject) -> None:
    content = CONTENTS[name]
    words = [match.span() for match in WORDS.finditer(content)]
    (start, end), (start_2, end_2) = (data.draw(st.sampled_from(words)) for _ in range(2))
    word = data.draw(
        st.sampled_from(
            [b"", b"x", b"-1", b'""', b'"-1"', b'"9999999999999"', b'"1e400"', b"<a>", content[start_2:end_2]]
        )
    )
    changed = content[:start] + word + content[end:]
    assert MARK not in lists.said(packed({**CONTENTS, name: changed}))
