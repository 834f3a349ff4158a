"""LanceDB is imported without what no archive uses, and nothing else in the process is the worse for it."""

import subprocess
import sys

_SCRIPT = """
import gc
from ray_cluster import lance
from lance_namespace_urllib3_client.api.table_api import TableApi
import pydantic

assert gc.isenabled()
assert not hasattr(TableApi.create_table, "raw_function"), "its calls are checked: was lancedb imported before?"

@pydantic.validate_call
def half(number: int) -> float:
    return number / 2

try:
    half("a word")
except pydantic.ValidationError:
    print(lance.lancedb.__name__)
"""


def test_only_the_client_of_remote_catalogues_checks_no_arguments() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("lancedb\n", 0), done.stderr
