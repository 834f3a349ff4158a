"""An address in the centre's configuration: its key is read from TOML, and the service that a page asks has it."""

from pathlib import Path

import pytest

from center.app import build
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.files import durable
from tests.architecture.additions.tree import Tree
from tests.center.fake_archive import TOKEN
from tests.center.world import OpenLine

KIND = "a configuration field"
RUN_IN = "tests/center"
NAME = "help_url"
CONFIG = """
data_dir = "data"
query_token_file = "token"
help_url = "http://help.test"
[broker]
host = "127.0.0.1"
ca_file = "a"
cert_file = "b"
key_file = "c"
"""


def add(tree: Tree) -> None:
    tree.after(
        "provisioning/contracts/config/processes.py",
        '    """Linked from the pipeline page; empty: no link."""\n',
        '    help_url: str = Field(default="", pattern=r"^(https?://[^\\s]+)?$")\n',
    )
    tree.before("center/services.py", '    grafana_url: str = ""\n', '    help_url: str = ""\n')
    tree.before("center/app.py", "        grafana_url=config.grafana_url,\n", "        help_url=config.help_url,\n")
    page = "center/console/system/pipeline.py"
    tree.before(page, '("Grafana", services.grafana_url),\n', '("Help", services.help_url),\n                    ')


def test_the_key_is_read_from_toml(tmp_path: Path) -> None:
    durable.write(tmp_path / "token", TOKEN.encode())
    file = tmp_path / "center.toml"
    file.write_text(CONFIG, encoding="utf-8")
    services = build(load(CenterConfig, file), link=OpenLine()).services
    assert getattr(services, NAME) == "http://help.test"
    assert (NAME, "http://help.test") in services.settings
    file.write_text(CONFIG.replace("http:", "ftp:"), encoding="utf-8")
    with pytest.raises(ConfigError, match=NAME):
        load(CenterConfig, file)
