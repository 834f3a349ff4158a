"""An audit entry as a syslog message: header, structured data without what may describe a person, framing."""

from center.audit.chain import ChainEntry
from center.audit_syslog import message

HASH = "ab" * 32


def written(action: str, detail: str, *, actor: str = "ana", hostname: str = "centre") -> str:
    entry = ChainEntry(7, 1764115200123, actor, action, detail, "0" * 64, HASH)
    return message.write(entry, hostname=hostname, enterprise_id="32473", facility=13).decode()


def test_an_entry_is_a_message_of_rfc_5424_with_its_number_and_hash() -> None:
    said = written("login.refused", '{"source": "192.0.2.7"}')
    data = f'[wayside@32473 number="7" actor="ana" action="login.refused" sha256="{HASH}" source="192.0.2.7"]'
    assert said == f"<108>1 2025-11-26T00:00:00.123Z centre wayside-center - login.refused {data} audit entry 7"
    assert message.framed("é".encode()) == b"2 \xc3\xa9"


def test_what_may_describe_a_person_stays_in_the_audit_and_nothing_breaks_out_of_its_field() -> None:
    detail = (
        '{"purpose": "a man in red", "name": "red coat", "case": "C-7", "count": 3, "scopes": ["a", "b\\"]"],'
        ' "user": {"first": "x"}, "path": "a\\nb\\\\", "sha256": "other"}'
    )
    said = written("search.save", detail, actor='o"]\n', hostname="名 x")
    assert "red" not in said
    assert said.count("\n") == 0
    assert 'actor="o\\"\\]?"' in said
    assert said.split(" ")[2] == "__x"
    assert said.endswith('path="a?b\\\\" scopes="a b\\"\\]" count="3" case="C-7"] audit entry 7')
    assert len(written("x" * 99, '{"path": "' + "p" * 4000 + '"}').encode()) < 2048


def test_a_refusal_warns_and_a_look_only_informs() -> None:
    actions = ("login.refused", "permission.refused", "user.grants", "login", "case.show_picture", "observation.view")
    assert [message.severity(each) for each in actions] == [4, 4, 5, 5, 6, 6]
