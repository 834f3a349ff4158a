"""`make demo` by somebody who may install nothing, on a Debian with git, make and python3 alone.

```
 useradd ─▶ clone ─▶ make demo ─▶ apt's packages, unpacked into the clone ─▶ cameras, broker, agent, cluster, console
                                                                          └▶ out/summary.json: the account adds up
```

Run with: pytest -s -m losses tests/deploy/test_without_root.py. Some 5 minutes, and packages from the registries.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import clean_root, debian_tree

pytestmark = [
    pytest.mark.losses, pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(2400),
]  # fmt: skip

ROOT = Path(__file__).parents[2]
ABROAD = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf")
"""How this machine reaches the registries."""
TRUST = " ".join(
    f"{name}=/etc/ssl/certs/ca-certificates.crt" for name in ("NODE_EXTRA_CA_CERTS", "PIP_CERT", "SSL_CERT_FILE")
)


@pytest.fixture(scope="module")
def debian() -> Path:
    return debian_tree.debian()


def test_make_demo_needs_neither_root_nor_sudo(debian: Path, tmp_path: Path) -> None:
    with clean_root.layer(debian, tmp_path) as (root, _), clean_root.room(root, online=True) as (inside, _):
        for name in ABROAD:
            if Path(name).exists():
                shutil.copy(name, root / name[1:])
        inside.run(
            "apt-get update; apt-get install -y --no-install-recommends git make;"
            " apt-get purge -y mosquitto 'python3*-venv'; apt-get autoremove -y; rm -rf /var/lib/apt/lists/*",
            timeout_s=900,
        )
        inside.run("useradd -m walker; ! { command -v sudo || command -v mosquitto || python3 -c 'import ensurepip'; }")
        clone = root / "home/walker/wayside"
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        inside.run("chown -R walker: /home/walker/wayside")
        typed = f"cd wayside; env {TRUST} make demo ARGS='--for 60 --report out'"
        print(inside.run(f'runuser -l walker -c "{typed}"', timeout_s=1800))  # noqa: T201
        summary = json.loads((clone / "out/summary.json").read_text(encoding="utf-8"))
        assert summary["rows"] > 0
        assert inside.run("ps -u walker -o args= || true") == "", "nothing goes on"
