"""Lists in CSV. What an address, a code or a coordinate may be is tested beside each of them."""

import csv
import io
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.camera_list import reader
from provisioning.camera_list.reader import CameraList, CameraRow, LineNote
from provisioning.errors import CameraListError

ENGLISH = "id,name,url,username,password,latitude,longitude"
CODE = "34020000001320000001"
PRINTABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn")).filter(str.isprintable)
MARK = "Zq7Zq7"
"""In no text of ours, so a text that holds it has repeated a password."""


class Lists:
    """Reads what a test writes."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cameras.csv"

    def read(self, data: str | bytes, near: tuple[float, float] | None = None) -> CameraList:
        self.path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return reader.read(self.path, near=near)

    def faults(self, *lines: str, headings: str = ENGLISH, near: tuple[float, float] | None = None) -> list[str]:
        return [str(fault) for fault in self.read("\n".join((headings, *lines)), near).faults]

    def refusal(self, data: str | bytes) -> str:
        with pytest.raises(CameraListError) as caught:
            self.read(data)
        assert str(caught.value).startswith(f"{self.path}: ")
        return str(caught.value).removeprefix(f"{self.path}: ")


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(tmp_path)


def test_a_list_is_read(lists: Lists) -> None:
    read = lists.read(
        f"{ENGLISH}\n"
        f"{CODE},East gate,rtsp://10.0.0.5:554/live,admin,p@ss:1,31.82,117.22\n"
        "\n"
        ",,,,,,\n"
        "lane-2,,rtsp://admin:x@10.0.0.6/live\n"
    )
    assert read == CameraList(
        (
            CameraRow(2, CODE, "East gate", "rtsp://10.0.0.5:554/live", "admin", "p@ss:1", 31.82, 117.22),
            CameraRow(5, "lane-2", "", "rtsp://10.0.0.6/live", "admin", "x", None, None),
        ),
        (),
        "utf-8",
        (LineNote(5, "url", "user and password were taken out of the address and are kept by themselves"),),
    )


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("gbk", "gb18030")]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends_of_spreadsheets(
    lists: Lists, encoding: str, named: str, delimiter: str, end: str
) -> None:
    lines = (("国标编码", "名称", "取流地址", "用户名", "密码"), (CODE, "东门", "rtsp://10.0.0.5/1", "admin", "密码1"))
    read = lists.read(end.join(map(delimiter.join, lines)).encode(encoding))
    assert read == CameraList(
        (CameraRow(2, CODE, "东门", "rtsp://10.0.0.5/1", "admin", "密码1", None, None),), (), named
    )


@pytest.mark.parametrize(
    "headings",
    [
        "ID,Name,URL,Username,Password,Latitude,Longitude",
        "Code, NAME ,Address,User,password,Lat,Lon",
        "编码,名字,地址,账号,口令,纬度,经度",
        "设备编码,名称,RTSP,user name,密码,lat,LNG",
        "'ｉｄ,name,rtsp,user_name,Pass-word,lat,lon",
    ],
)
def test_headings_in_two_languages_and_any_case(lists: Lists, headings: str) -> None:
    read = lists.read(f"{headings}\nlane-1,Gate,rtsp://10.0.0.5/1,admin,x,31,117")
    assert read.rows == (CameraRow(2, "lane-1", "Gate", "rtsp://10.0.0.5/1", "admin", "x", 31.0, 117.0),)


def test_the_order_of_columns_is_free_and_only_two_are_needed(lists: Lists) -> None:
    assert lists.read("url,id\nrtsp://10.0.0.5/1,lane-1").rows[0].id == "lane-1"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the list is empty"),
        (b"\n\n , ,\n", "the list is empty"),
        (b"id,name\nlane-1,Gate", "none is called url (or address, rtsp"),
        (b"name,url\n", "none is called id (or code,"),
        (b"hello", "none is called id (or code, "),
        (b'"id,url', "line 1 must name the columns: a double quote is not closed"),
        (
            b"id,url,pasword\n",
            "not known, column 3 ('pasword'): correct it, or take the column out; known are id (国标编码), name",
        ),
        (b"id,url,a,,serial no\n", "not known, column 3 ('a'), column 5 ('serial no')"),
        (b"id,url,Zq7Zq7\n", "not known, column 3: "),
        ("id,url,编码\n".encode(), "columns 1 and 3 are both the id"),
        ("id,url\n".encode("utf-16"), "UTF-16"),
        ("id,url\n".encode("utf-16-le"), "NUL bytes"),
        (b"id,url\nlane\0-1,rtsp://10.0.0.5/1", "NUL bytes"),
        (b"id,url\n\xff\xfe\xff", "neither UTF-8 nor GB18030"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 64, ".xls"),
        (b"id,url\n" + b"x" * 8 * 1024**2, "larger than 8 MiB"),
        (b"id,url\n" + b"x,y\n" * 2001, "more than 2,000 lines"),
        (b"id,url\n" + b",\n" * 100_000, "more than 100,000 lines"),
        (b"id,url" + b",x" * 255, "line 1 has more than 256 columns"),
    ],
)
def test_a_file_of_no_use_is_refused_as_a_whole(lists: Lists, data: bytes, said: str) -> None:
    assert said in lists.refusal(data)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(CameraListError, match="there is no such file"):
            reader.read(path)


def test_two_thousand_cameras_are_read(lists: Lists) -> None:
    read = lists.read("id,url\n" + "\n".join(f"c{n},rtsp://10.0.0.5/{n}" for n in range(2000)))
    assert (len(read.rows), read.faults) == (2000, ())


def test_a_list_without_headings_repeats_nothing_of_its_first_camera(lists: Lists) -> None:
    assert MARK not in lists.refusal(f"lane-1,user,rtsp://admin:{MARK}@10.0.0.5/1,admin,{MARK}\n")


def test_all_faults_come_at_once_and_a_bad_line_costs_only_itself(lists: Lists) -> None:
    read = lists.read(
        "编码,名称,地址,用户名,密码,纬度,经度\n"
        f"{CODE[:19]},东\u202e门,http://10.0.0.5,admin,,39°54',116\n"
        "lane-2,西门,rtsp://10.0.0.6/1,admin,x,31,117\n"
        "lane 3,,rtsp://10.0.0.7/1,,,,\n"
    )
    assert [row.id for row in read.rows] == ["lane-2"]
    assert [(fault.line, fault.column) for fault in read.faults] == [
        (2, "编码"),
        (2, "名称"),
        (2, "地址"),
        (2, "纬度"),
        (4, "编码"),
    ]


def test_a_quote_that_is_not_closed_costs_only_its_line(lists: Lists) -> None:
    read = lists.read(
        f'{ENGLISH}\nlane-1,,rtsp://10.0.0.5/1,admin,"x\nlane-2,"Gate, east",rtsp://10.0.0.6/1\nlane-3,,rtsp://10.0.0.7/1\n'
    )
    assert [row.id for row in read.rows] == ["lane-2", "lane-3"]
    assert [str(fault) for fault in read.faults] == [
        "line 2: a double quote is not closed or stands amid a value: put the value in quotes, its own ones twice"
    ]


def test_a_line_break_in_a_name_is_one_fault_where_the_camera_starts(lists: Lists) -> None:
    read = lists.read(f'{ENGLISH}\nlane-1,"Gate\neast",rtsp://10.0.0.5/1\nlane-2,,rtsp://10.0.0.6/1\n')
    assert [(row.line, row.id) for row in read.rows] == [(4, "lane-2")]
    assert [(fault.line, fault.column) for fault in read.faults] == [(2, "name")]


def test_a_value_under_no_heading_is_a_fault(lists: Lists) -> None:
    assert "column 4, which has no heading" in lists.faults("a,rtsp://10.0.0.5/1,,x", headings="id,url,")[0]
    assert "column 8" in lists.faults("a,,rtsp://10.0.0.5/1,admin,pass,word,31,117")[0]


def test_ids_and_streams_are_there_once(lists: Lists) -> None:
    read = lists.read("id,url\na,rtsp://h/1\nb,rtsp://h/2\na,rtsp://h/3\na,rtsp://h/4\nc,rtsp://x:y@H:554/2\n")
    assert [row.line for row in read.rows] == [2, 3]
    assert [(fault.line, fault.column, fault.text[:28]) for fault in read.faults] == [
        (4, "id", "line 2 has the same id, and "),
        (5, "id", "line 2 has the same id, and "),
        (6, "url", "line 3 has the same stream: "),
    ]


def test_equal_codes_that_excel_cut_are_told_so(lists: Lists) -> None:
    code = "34020000001320000000"
    assert "Excel" in lists.faults(f"{code},rtsp://h/1", f"{code},rtsp://h/2", headings="id,url")[0]


@pytest.mark.parametrize(
    "mangled", ["3.402E+19", "3.4020000001320000e19", "3,402E+19", "3E+19", "3.4020000001320000E19"]
)
def test_a_code_that_excel_made_a_number_of_is_recognised(lists: Lists, mangled: str) -> None:
    (fault,) = lists.faults(f'"{mangled}",rtsp://h/1', headings="id,url")
    assert "format the column as text" in fault


@pytest.mark.parametrize(
    "text",
    [f"'{CODE}", f" {CODE} ", CODE.translate({ord(n): ord(n) + 0xFEE0 for n in "0123456789"}), f"\u3000{CODE}\u00a0"],
)
def test_a_code_is_read_through_what_surrounds_it(lists: Lists, text: str) -> None:
    assert [row.id for row in lists.read(f"id,url\n{text},rtsp://h/1").rows] == [CODE]


@pytest.mark.parametrize(
    "text", ["", "  ", "-a", "a b", "a/b", "a+", "a#", "张", "a\x07", "=1+1", "x" * 65, "a\u200b", "'"]
)
def test_what_is_no_id_is_refused(lists: Lists, text: str) -> None:
    assert len(lists.faults(f"{text},rtsp://h/1", headings="id,url")) == 1


@pytest.mark.parametrize("text", ["2E10", "a", "A.b_c-9", "x" * 64])
def test_ids_of_ones_own_pass(lists: Lists, text: str) -> None:
    assert lists.faults(f"{text},rtsp://h/1", headings="id,url") == []


def test_a_formula_is_a_text(lists: Lists) -> None:
    read = lists.read('id,name,url\na,"=HYPERLINK(""x"",1)",rtsp://h/1\n')
    assert read.rows[0].name == '=HYPERLINK("x",1)'


@pytest.mark.parametrize("name", ["Gate\x07", "Gate\u202e", "Gate\u2028east", "x" * 129])
def test_names_that_no_page_can_show_are_refused(lists: Lists, name: str) -> None:
    assert len(lists.faults(f"a,{name},rtsp://h/1")) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,,rtsp://h/1,admin,,,", "line 2, password: there is a username and no password"),
        ("a,,rtsp://h/1,,x,,", "line 2, username: there is a password and no username"),
        ("a,,rtsp://admin@h/1,,,,", "line 2, password: there is a username and no password"),
        ("a,,rtsp://:x@h/1,,,,", "line 2, username: there is a password and no username"),
        ("a,,rtsp://admin:x@h/1,root,,,", "line 2, username: the address holds another username"),
        ("a,,rtsp://admin:x@h/1,,y,,", "line 2, password: the address holds another password"),
        ("a,,rtsp://h/1,ad\u200bmin,x,,", "line 2, username: there is a line break, a tab or an invisible character"),
        ("a,,rtsp://h/1,admin,x\u00a0,,", "line 2, password: there is a line break, a tab or an invisible character"),
        (f"a,,rtsp://h/1,admin,{'x' * 122},,", "line 2, password: user and password take 128 bytes"),
        (f"a,,rtsp://h/1,admin,{'密' * 14},,", "line 2, password: user and password take 132 bytes"),
        ("a,,http://h/1,admin,,,", "line 2, url: this is no RTSP address"),
    ],
)
def test_user_and_password_go_together_and_fit(lists: Lists, line: str, said: str) -> None:
    (fault,) = lists.faults(line)
    assert fault.startswith(said)


def test_the_longest_password_that_fits_passes(lists: Lists) -> None:
    assert lists.faults(f"a,,rtsp://h/1,admin,{'x' * 121},,") == []


def test_a_fault_of_a_pair_stands_under_a_heading_that_is_there(lists: Lists) -> None:
    assert lists.faults("a,rtsp://admin@h/1", headings="id,address")[0].startswith("line 2, address: ")
    assert lists.faults("a,rtsp://h/1,31", headings="id,url,lat")[0].startswith("line 2, lat: ")


@pytest.mark.parametrize(
    "line",
    [
        "a,,rtsp://admin:p%40ss@h/1,admin,p@ss,,",
        "a,,rtsp://admin:p@ss@h/1,,,,",
        "a,,rtsp://admin@h/1,,p@ss,,",
        "a,,rtsp://:p@ss@h/1,admin,,,",
        "a,,rtsp://h/1, admin ,p@ss,,",
    ],
)
def test_address_and_columns_may_share_the_credentials(lists: Lists, line: str) -> None:
    (row,) = lists.read(f"{ENGLISH}\n{line}").rows
    assert (row.url, row.username, row.password) == ("rtsp://h/1", "admin", "p@ss")


def test_places_are_pairs_near_the_site(lists: Lists) -> None:
    lines = ["a,,rtsp://h/1,,,31.82,", "b,,rtsp://h/2,,,117.22,31.82", "c,,rtsp://h/3,,,39.9,116.4", "d,,rtsp://h/4"]
    one, two, three = lists.faults(*lines, near=(31.8206, 117.2272))
    assert one == "line 2, longitude: there is a latitude and no longitude: give both, or neither"
    assert two.startswith("line 3, latitude: latitude and longitude look swapped")
    assert "km from its site" in three
    assert len(lists.faults(*lines)) == 2


def test_a_fault_reads_as_a_line() -> None:
    assert str(LineNote(3, "id", "no")) == "line 3, id: no"
    assert str(LineNote(3, "", "no")) == "line 3: no"


def test_what_is_taken_and_may_be_meant_otherwise_is_noted(lists: Lists) -> None:
    lines = (
        "a,,rtsp://h,,,,",
        "b,,rtsp://h/,,,,",
        f"c,,rtsp://admin:{MARK}@h/1,,,,",
        "d,,rtsp://h/2,admin,x,,",
        "e,,rtsp://h?3,,,,",
        "a b,,rtsp://h2,,,,",
    )
    read = lists.read("\n".join((ENGLISH, *lines)))
    assert [row.id for row in read.rows] == ["a", "b", "c", "d", "e"]
    assert [str(note) for note in read.notes] == [
        *(
            f"line {line}, url: the address has no path: if the camera shows no picture, take the path from its manual"
            for line in (2, 3)
        ),
        "line 4, url: user and password were taken out of the address and are kept by themselves",
    ], "a line with a fault is not taken, so nothing is noted of it"


def test_a_row_shows_no_secret(lists: Lists) -> None:
    shown = repr(lists.read(f"{ENGLISH}\na,,rtsp://h/{MARK},admin,{MARK}"))
    assert "admin" in shown
    assert MARK not in shown


@given(password=st.text(PRINTABLE, min_size=1, max_size=10), delimiter=st.sampled_from(",;\t"))
def test_every_password_survives_its_column(lists: Lists, password: str, delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(
        (ENGLISH.split(","), ("a", "", "rtsp://h/1", "u", password, "31", "117"))
    )
    read = lists.read(text.getvalue())
    assert [(row.password, row.latitude) for row in read.rows] == [(password, 31.0)]


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_list_or_an_error(lists: Lists, data: bytes) -> None:
    for whole in (data, f"{ENGLISH}\n".encode() + data):
        try:
            read = lists.read(whole)
        except CameraListError:
            continue
        assert isinstance(read, CameraList)


@given(
    cells=st.lists(
        st.one_of(
            st.sampled_from(["id", "url", "user", "name", "admin", CODE, "rtsp://h/1", '"', "31.8", "117.2", "\n", ""]),
            st.sampled_from(
                ["rtsp://admin:{}@h/1", "rtsp://{}@h/1", "rtsp://{}", "{}", '"{}', "{},{}", "{}@{}", "{}/@"]
            ),
            st.text(max_size=5),
        ).map(lambda text: text.replace("{}", MARK)),
        max_size=24,
    ),
    separators=st.lists(st.sampled_from(",,,,;\n\n"), min_size=24, max_size=24),
    with_headings=st.booleans(),
)
def test_no_fault_and_no_error_repeats_a_password_wherever_it_stands(
    lists: Lists, cells: list[str], separators: list[str], *, with_headings: bool
) -> None:
    text = "".join(cell + separator for cell, separator in zip(cells, separators, strict=False))
    try:
        read = lists.read((f"{ENGLISH}\n" if with_headings else "") + text)
    except CameraListError as error:
        said = str(error)
    else:
        said = "\n".join(map(str, read.faults))
        # Alone after the slashes it is a host's name, and nobody can tell that it was meant for a password.
        assert not any(MARK in urlsplit(row.url).netloc.rpartition("@")[0] for row in read.rows)
    assert MARK not in said
