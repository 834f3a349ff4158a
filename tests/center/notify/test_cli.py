"""`wayside-center notify test`, and what stops a centre whose secrets are not in order."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from center.__main__ import app
from center.app import build
from center.bootstrap import open_notifier
from center.errors import StartError
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.contracts.errors import ConfigError
from tests.center.world import OpenLine
from tests.support import notify_world as own
from tests.support.mas_gateway import AP_ID, EC_NAME, SECRET, SIGN, SIGNATURE, Gateway
from tests.support.ports import free_port
from tests.support.rude_http import Act
from tests.support.waiting import LONG_S, until
from tests.support.webhook_receiver import KEY_TEXT, Receiver


def config_of(folder: Path, *, hook: str, mas: str, more: str = "") -> Path:
    for name, text in (
        ("token", "token"),
        ("hook.key", KEY_TEXT),
        ("mas.key", SECRET),
        ("report.secret", own.REPORT_SECRET),
    ):
        own.secret(folder, name, text)
    path = folder / "center.toml"
    path.write_text(
        f"""
        query_token_file = "token"
        data_dir = "data"
        [broker]
        host = "127.0.0.1"
        ca_file = "ca.pem"
        cert_file = "center.pem"
        key_file = "center.key"
        [[notify.webhooks]]
        id = "desk"
        url = "{hook}"
        key_file = "hook.key"
        allow_loopback = true
        timeout_s = 60
        [[notify.sms]]
        id = "sms"
        url = "{mas}"
        allow_loopback = true
        ec_name = "{EC_NAME}"
        ap_id = "{AP_ID}"
        secret_key_file = "mas.key"
        sign = "{SIGN}"
        signature = "{SIGNATURE}"
        timeout_s = 60
        recipients = [{{ name = "duty", mobile = "{own.MOBILE}" }}, {{ name = "deputy", mobile = "13900139000" }}]
        report_secret_file = "report.secret"
        report_sources = ["192.0.2.77"]
        {more}
        """,
        encoding="utf-8",
    )
    return path


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(app, ["notify", "test", *arguments])
    assert "Traceback" not in done.output
    said = done.output + done.stderr
    assert not any(secret in said for secret in (*own.SECRETS, own.MOBILE))
    return done


def test_a_test_goes_to_each_recipient_or_to_one(tmp_path: Path) -> None:
    with Gateway() as gateway:
        config = str(config_of(tmp_path, hook="http://localhost:1/hook", mas=gateway.url))
        done = run("sms", "--config", config)
        assert (done.exit_code, done.stdout) == (0, "duty: sent (success)\ndeputy: sent (success)\n")
        done = run("sms", "--recipient", "deputy", "--config", config)
        assert (done.exit_code, done.stdout) == (0, "deputy: sent (success)\n")
        assert [taken.mobile[-4:] for taken in gateway.taken] == ["8000", "9000", "9000"]


def test_what_was_not_taken_is_one_line_with_the_cause(tmp_path: Path) -> None:
    with Gateway() as gateway:
        gateway.is_white_ip = False
        config = str(config_of(tmp_path, hook=f"http://localhost:{free_port()}/hook", mas=gateway.url))
        done = run("sms", "--recipient", "duty", "--config", config)
        assert (done.exit_code, "failed (NOT_WHITE_IP)" in done.stderr) == (2, True)
        done = run("desk", "--config", config)
        assert (done.exit_code, "waiting (unreachable)" in done.stderr) == (2, True)
        gateway.is_white_ip = True
        gateway.script.append(Act.HANG_UP_AFTER)
        done = run("sms", "--recipient", "duty", "--config", config)
        assert (done.exit_code, "waiting (hung_up)" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"), [(("fax",), "channel fax"), (("sms", "--recipient", "x"), "recipient x")]
)
def test_who_is_not_there_is_named(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    config = str(config_of(tmp_path, hook="http://localhost:1/hook", mas="http://localhost:1/sms"))
    done = run(*arguments, "--config", config)
    assert done.exit_code == 2
    assert said in done.stderr


@contextmanager
def running(config: Path) -> Iterator[None]:
    """A centre's loops in this process."""
    store, notifier = open_notifier(load(CenterConfig, config))
    begun, end = threading.Event(), threading.Event()

    async def sending() -> None:
        notifier.start()
        begun.set()
        await asyncio.to_thread(end.wait)
        await notifier.stop()

    thread = threading.Thread(target=lambda: asyncio.run(sending()))
    thread.start()
    assert begun.wait(LONG_S)
    until((config.parent / "data" / "notify.lock").exists)
    try:
        yield
    finally:
        end.set()
        thread.join()
        store.close()


def test_a_centre_that_runs_sends_it(tmp_path: Path) -> None:
    with Receiver() as receiver:
        config = config_of(tmp_path, hook=receiver.url, mas="http://localhost:1/sms")
        with running(config):
            done = run("desk", "--config", str(config))
        assert (done.exit_code, done.stdout) == (0, "receiver: sent (http_204)\n")
        assert receiver.requests == 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("hook.key", "a password", "openssl rand"),
        ("hook.key", "whsec_c2hvcnQ=", "hook.key"),
        ("report.secret", "short", "openssl rand"),
        ("report.secret", "x" * 40 + "/../", "report.secret"),
    ],
    ids=["no key", "a short key", "a short secret", "a secret that is no part of a path"],
)
def test_a_secret_that_is_none_stops_the_start_and_is_not_repeated(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    config = config_of(tmp_path, hook="http://localhost:1/hook", mas="http://localhost:1/sms")
    own.secret(tmp_path, name, text)
    with pytest.raises(StartError) as caught:
        build(load(CenterConfig, config), link=OpenLine())
    assert said in str(caught.value)
    assert text not in str(caught.value)


def test_a_secret_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    config = config_of(tmp_path, hook="http://localhost:1/hook", mas="http://localhost:1/sms")
    (tmp_path / "mas.key").chmod(0o644)
    with pytest.raises(ConfigError, match=r"chmod 600.*mas\.key"):
        build(load(CenterConfig, config), link=OpenLine())


def test_a_password_that_smtp_cannot_carry_stops_the_start(tmp_path: Path) -> None:
    config = own.mail(
        tmp_path, 25, username="wayside", password_file=own.secret(tmp_path, "mail.password", "geheimnüs")
    )
    with pytest.raises(StartError, match=r"mail\.password") as caught:
        own.channel(config)
    assert "geheim" not in str(caught.value)


def test_a_file_of_certificates_that_holds_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    config = config_of(
        tmp_path, hook="http://localhost:1/hook", mas="http://localhost:1/sms", more='ca_file = "ca.crt"'
    )
    with pytest.raises(StartError, match=r"ca\.crt"):
        build(load(CenterConfig, config), link=OpenLine())
