"""Commands of `wayside-provision broker`."""

from provisioning.broker import config, mosquitto, process
from provisioning.home.home import Home
from provisioning.logging_setup import log_to_stderr
from provisioning.output import CommandResult, announcer


def render(home: Home) -> CommandResult:
    """Writes the broker's configuration and access files, and the revocation lists if it has none yet.

    Existing lists are left to `broker run`, which ends connections for new entries in them.

    Raises:
        BrokerError, AuthorityError: see `config.write`, `mosquitto.installed`.
    """
    directory, listeners = process.directory(home), process.listeners(home)
    files = [directory / name for name in (config.CONFIGURATION, config.AGENTS_ACL, config.SERVICES_ACL)]
    lists = [directory / name for name in (config.AGENTS_CRL, config.SERVICES_CRL)]
    before = [file.read_bytes() if file.exists() else None for file in files]
    is_whole = all(each.exists() for each in lists)
    write = config.write_configuration if is_whole else config.write
    written = write(directory, listeners, home.identities, mosquitto.installed())
    changed = not is_whole or before != [file.read_bytes() for file in files]
    facts = {"changed": changed, "files": [str(file) for file in (*files, *lists)]}
    what = "written" if changed else "as it was; nothing was changed"
    return CommandResult(facts, [f"{written}: {what}", "wayside-provision broker run starts Mosquitto with it"])


def run(home: Home, *, as_json: bool) -> CommandResult:
    """Runs the broker until a signal ends it.

    Raises:
        BrokerError: see `process.run`.
    """
    log_to_stderr()
    code = process.run(home, announcer(as_json=as_json))
    return CommandResult({"said": "ended"}, ["ended"], code)


def check(home: Home, *, live: bool) -> CommandResult:
    """Checks the broker's files, and with `live` the running one. Exit code 1: something is wrong."""
    from provisioning.broker import check  # noqa: PLC0415 - brings an MQTT client, which the others do without

    findings = check.check(process.directory(home), process.listeners(home), home.identities, live=live)
    facts = [{"what": each.what, "is_good": each.is_good, "detail": each.detail} for each in findings]
    good = all(each.is_good for each in findings)
    lines = [each.line("fail") for each in findings]
    return CommandResult({"good": good, "findings": facts}, lines, 0 if good else 1)
