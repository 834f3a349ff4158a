"""An S3-compatible store as a process of its own, and a proxy before it that answers late, not at all, or with 503."""

import http.client
import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, cast

import botocore.session

from provisioning.contracts.config.cluster import PackStore
from tests.support.http_server import HOST, HttpServer, SilentHandler
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

SECRET = "not-to-be-seen-0123456789"
BUCKET = "pictures"
_CREDENTIALS = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n"
_ALL_OF_S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class Fault(Enum):
    """What becomes of one request."""

    NONE = "none"
    REFUSED = "answered with 503, not carried out"
    LOST = "carried out, its answer dropped"
    OVERTAKEN = "dropped, and carried out after the client has gone on"
    LATE = "carried out and answered after a pause"
    SILENT = "neither carried out nor answered while the proxy is there"


class Store:
    """A running store with a bucket; `endpoint` is the server's own, without a proxy."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint = endpoint
        self._credentials = folder / "credentials"
        self.state_key("key-of-tests", SECRET)
        self.client = self._client("s3")
        self.client.create_bucket(Bucket=BUCKET)

    def _client(self, service: str) -> Any:
        return botocore.session.Session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self.endpoint,
            aws_access_key_id="key-of-tests",
            aws_secret_access_key=SECRET,
        )

    def state_key(self, key_id: str, secret: str) -> None:
        """Write the file of the key that the archive's processes use."""
        self._credentials.write_text(_CREDENTIALS.format(key_id, secret))
        self._credentials.chmod(0o600)

    def check_keys(self) -> tuple[str, str]:
        """Refuse every request from now on that is not signed with the key that is returned."""
        users = self._client("iam")
        users.create_user(UserName="archive")
        key = users.create_access_key(UserName="archive")["AccessKey"]
        users.put_user_policy(UserName="archive", PolicyName="all", PolicyDocument=json.dumps(_ALL_OF_S3))
        url, headers = f"{self.endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        with urllib.request.urlopen(urllib.request.Request(url, b"0", headers), timeout=LONG_S):
            return key["AccessKeyId"], key["SecretAccessKey"]

    def settings(self, prefix: str, endpoint: str = "", **stated: Any) -> PackStore:
        """Section `[pack_store]` for a prefix, by the server itself or a proxy."""
        return PackStore(
            **{
                "endpoint": endpoint or self.endpoint,
                "bucket": BUCKET,
                "prefix": prefix,
                "credentials_file": self._credentials,
                **stated,
            }
        )

    def keys(self, prefix: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        return [each["Key"] for each in found]


@contextmanager
def running_store(folder: Path) -> Iterator[Store]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: _answers(f"http://{HOST}:{port}/moto-api/"), "the store answers")
            yield Store(f"http://{HOST}:{port}", folder)
        finally:
            server.kill()


class FaultyProxy(HttpServer):
    """Carries requests to a store; `faults` says what becomes of each, by its method and path.

    `drops`: a header that the store does not know.
    """

    def __init__(
        self,
        store: Store,
        faults: Callable[[str, str], Fault],
        tls: ssl.SSLContext | None = None,
        *,
        drops: str = "expect",
    ) -> None:
        super().__init__(_Carrier, tls)
        self.dropped = {"expect", drops.lower()}
        self.upstream = store.endpoint.removeprefix("http://")
        self.faults = faults
        self.requests: list[tuple[str, str]] = []
        cast("Any", self._server).proxy = self

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://{HOST}:{self.port}"


class _Carrier(SilentHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:  # noqa: N802 - http.server calls it by that name
        proxy: FaultyProxy = cast("Any", self.server).proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        proxy.requests.append((self.command, self.path))
        match proxy.faults(self.command, self.path):
            case Fault.REFUSED:
                self._answer(503, {}, b"")
            case Fault.LOST:
                self._carry(proxy, body)
                self.close_connection = True
            case Fault.OVERTAKEN:
                self.close_connection = True
                self.connection.close()
                proxy.closing.wait(0.3)
                self._carry(proxy, body)
            case Fault.SILENT:
                proxy.closing.wait(LONG_S)
                self.close_connection = True
            case fault:
                if fault is Fault.LATE:
                    proxy.closing.wait(0.3)
                self._answer(*self._carry(proxy, body))

    do_GET = do_POST = do_DELETE = do_PUT  # noqa: N815 - as above

    def _carry(self, proxy: FaultyProxy, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(proxy.upstream, timeout=LONG_S)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() not in proxy.dropped}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {"connection", "content-length", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=LONG_S):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
