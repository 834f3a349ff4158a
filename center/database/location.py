"""Finds the data folder and the database of a centre from its configuration."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url

from center.errors import StartError
from provisioning.contracts.config.processes import CenterConfig, read_secret

DATABASE: Final = "center.sqlite3"


def data_dir_of(config: CenterConfig) -> Path:
    """Returns the data folder, made when absent, closed to all other users.

    Raises:
        StartError: it cannot be made or closed.
    """
    path = config.data_dir
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise StartError(
            what=f"data_dir {path} cannot be used ({error.strerror})",
            what_to_do="Give the centre's user a folder of its own, or correct data_dir",
        ) from error
    return path


def database_of(config: CenterConfig) -> Path | URL:
    """Returns the SQLite file of the records, or the address of their PostgreSQL database.

    Raises:
        ConfigError: the password's file cannot be used.
    """
    if not config.database_url:
        return config.data_dir / DATABASE
    url = make_url(config.database_url).set(drivername="postgresql+psycopg")
    if config.database_password_file is None:
        return url
    return url.set(password=read_secret(config.database_password_file))
