"""`wayside-center setup-code`: prints the code with which the first administrator is made."""

from center.cli.output import ConfigFile, one_line, say


def setup_code(config: ConfigFile) -> None:
    """Print the one-time set-up code that the running centre waits for."""
    with one_line():
        from center.bootstrap import SETUP_CODE  # noqa: PLC0415 - --help stays light
        from provisioning.contracts.config.processes import CenterConfig, load, read_secret  # noqa: PLC0415 - the same
        from provisioning.contracts.errors import ConfigError  # noqa: PLC0415 - the same

        file = load(CenterConfig, config).data_dir / SETUP_CODE
        if not file.exists():
            raise ConfigError(
                f"{file}: there is no set-up code; log in if there is an administrator, else start the centre, which"
                " writes it"
            )
        say(read_secret(file))
