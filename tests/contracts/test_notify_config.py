"""`[notify]`: what cannot work, or would be unsafe, is named before anything starts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from provisioning.contracts.config.notify import Mobile, Notify, WebAddress, is_loopback, placeholders
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.contracts.errors import ConfigError

GOOD = """
query_token_file = "token"
data_dir = "data"
[broker]
host = "127.0.0.1"
ca_file = "ca.pem"
cert_file = "center.pem"
key_file = "center.key"

[notify]
utc_offset = "+08:00"

[[notify.webhooks]]
id = "desk"
url = "https://desk.example/hook"
key_file = "desk.key"

[[notify.mails]]
id = "mail"
host = "relay.example"
username = "wayside"
password_file = "mail.password"
sender = "wayside@county.example"
recipients = [{ name = "officer", address = "officer@county.example" }]

[[notify.sms]]
id = "sms"
url = "https://mas.example/sms"
ec_name = "测试企业"
ap_id = "apidemo"
secret_key_file = "mas.key"
sign = "SIGN0001"
signature = "县交通"
recipients = [{ name = "duty", mobile = "+8613800138000" }]
report_secret_file = "report.secret"
report_sources = ["192.0.2.77"]
"""


def loaded(tmp_path: Path, text: str) -> Notify:
    path = tmp_path / "center.toml"
    path.write_text(text, encoding="utf-8")
    return load(CenterConfig, path).notify


def test_a_whole_table_is_read_and_its_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    notify = loaded(tmp_path, GOOD)
    assert notify.offset_minutes == 480
    assert notify.webhooks[0].key_file == tmp_path / "desk.key"
    assert notify.mails[0].password_file == tmp_path / "mail.password"
    (sms,) = notify.sms
    assert sms.recipients[0].mobile == "13800138000"
    assert (sms.monthly_parts, sms.warn_share, sms.over_quota, sms.part_units) == (25_000, 0.8, "stop", 70)


def test_without_a_table_nobody_is_told(tmp_path: Path) -> None:
    assert loaded(tmp_path, GOOD.partition("[notify]")[0]) == Notify()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://desk", "http://desk", "http goes to loopback alone"),
        ("https://desk.example", "https://127.0.0.1:8100", "allow_loopback = true if it is meant"),
        ("https://desk.example", "https://localhost", "this machine itself"),
        ("https://desk.example", "https://[::1]", "this machine itself"),
        ("https://desk.example", "https://me:secret@desk.example", "user and password do not belong"),
        ("desk.example/hook", "desk.example/hook?key=1", "no ?query"),
        ("https://desk.example", "ftp://desk.example", "https://host/path"),
        ("https://desk.example", "https://desk..example", "https://host/path"),
        ("https://mas.example", "http://mas.example", "allow_plain_http"),
        ("https://mas.example", "https://127.0.0.2", "allow_loopback"),
        ('host = "relay.example"', 'host = "relay.example"\nsecurity = "none"', "security is starttls or tls"),
        ('username = "wayside"\n', "", "username and password_file go together"),
        ('id = "mail"', 'id = "desk"', "found twice: desk"),
        ('id = "mail"', 'id = "Mail!"', "mails.0.id"),
        ("officer@county.example", "officer", "duty@example.org"),
        ("officer@county.example", ".officer@county.example", "duty@example.org"),
        ("officer@county.example", "of..ficer@county.example", "duty@example.org"),
        ("officer@county.example", "officer@county..example", "duty@example.org"),
        ('host = "relay.example"', 'host = "relay..example"', "a host is a name"),
        ('host = "relay.example"', 'host = "relay.example:587"', "a host is a name"),
        ('username = "wayside"', 'username = "wäyside"', "username"),
        ("+8613800138000", "12800138000", "11 digits"),
        ("+8613800138000", "1380013800", "11 digits"),
        ('signature = "县交通"', 'signature = "【县交通】"', "signature"),
        ('sign = "SIGN0001"', 'sign = "【县】"', "sign"),
        ('sign = "SIGN0001"', 'sign = "S"\nadd_serial = "' + "1" * 21 + '"', "add_serial"),
        ('sign = "SIGN0001"', 'sign = "S"\npart_units = 153', "part_units"),
        ('sign = "SIGN0001"', 'sign = "S"\nover_quota = "warn"', "over_quota"),
        ('sign = "SIGN0001"', 'sign = "S"\ncarrier_rate = "none"', "carrier_rate"),
        (
            'sign = "SIGN0001"',
            'sign = "S"\ntemplate = "{rule} {camera} {time} {plate}"',
            "{plate} is nothing a message",
        ),
        ('sign = "SIGN0001"', 'sign = "S"\ntemplate = "{rule} {time}"', "{camera} is missing"),
        ('sign = "SIGN0001"', 'sign = "S"\ntemplate = "{rule.__class__} {camera} {time}"', "is nothing a message says"),
        ('sign = "SIGN0001"', 'sign = "S"\ntemplate = "{rule!r} {camera} {time}"', "stands alone"),
        ('sign = "SIGN0001"', 'sign = "S"\ntemplate = "{rule} {camera} {time"', "template"),
        (
            'sign = "SIGN0001"',
            'sign = "S"\ntemplate_id = "T1"\ntemplate = "{rule} {rule} {camera} {time}"',
            "filled once",
        ),
        ('report_secret_file = "report.secret"\n', "", "report_secret_file and report_sources go together"),
        ("192.0.2.77", "gateway.example", "are IP addresses"),
        ('utc_offset = "+08:00"', 'utc_offset = "Beijing"', "utc_offset"),
        ('utc_offset = "+08:00"', 'colour = "red"', "colour"),
        ('key_file = "desk.key"', "", "key_file"),
        ('key_file = "desk.key"', 'key_file = "desk.key"\nkey = "secret"', "webhooks.0.key"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(caught.value)


def test_an_error_repeats_no_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(
            tmp_path, GOOD.replace("https://desk.example", "https://me:geheim@desk.example").replace("+86138", "+86")
        )
    assert "geheim" not in str(caught.value)
    assert "00138000" not in str(caught.value)


def test_a_number_is_not_in_what_is_printed(tmp_path: Path) -> None:
    assert "13800138000" not in repr(loaded(tmp_path, GOOD))


@pytest.mark.parametrize("offset", ["-03:30", "+00:00", "+14:00", "-12:45"])
def test_an_offset_is_minutes_east(offset: str) -> None:
    sign, hours, minutes = offset[0], int(offset[1:3]), int(offset[4:])
    assert Notify(utc_offset=offset).offset_minutes == (1 if sign == "+" else -1) * (hours * 60 + minutes)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = TypeAdapter(WebAddress).validate_python(text)
    except ValidationError:
        return
    assert address.startswith(("http://", "https://"))
    assert not {"?", "#", "@", " "} & set(address)


@given(st.text(max_size=60))
def test_any_template_has_names_or_is_refused(text: str) -> None:
    try:
        names = placeholders(text)
    except ValueError:
        return
    assert all(f"{{{name}" in text for name in names)


@given(st.text("+8613 0579", max_size=15))
def test_a_mobile_number_is_eleven_digits_or_refused(text: str) -> None:
    try:
        number = TypeAdapter(Mobile).validate_python(text)
    except ValidationError:
        return
    assert len(number) == 11
    assert number in text


def test_loopback_is_known_as_it_is_written() -> None:
    assert [name for name in ("127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST") if not is_loopback(name)] == []
    assert not is_loopback("relay.example")
    assert not is_loopback("10.0.0.5")
