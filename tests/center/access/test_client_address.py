"""The address that a request comes from: behind trusted proxies theirs to say, else nobody's."""

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest

from center.access.client_address import source
from tests.center.conftest import PASSWORD, USERNAME, World

PROXIES = (ip_network("10.0.0.0/29"), ip_network("fd00::/64"))


@pytest.mark.parametrize(
    ("client", "said", "found"),
    [
        ("192.0.2.7", ["203.0.113.9"], "192.0.2.7"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.9, no address"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("testclient", ["203.0.113.9"], "testclient"),
        (None, ["203.0.113.9"], "-"),
    ],
    ids=range(12),
)
def test_each_trusted_proxy_is_believed_for_the_hop_before_it_and_nobody_else(
    client: str | None, said: list[str], found: str
) -> None:
    headers = [(b"X-Forwarded-For", value.encode()) for value in said]
    assert source(client, headers, PROXIES) == found


@pytest.mark.anyio
@pytest.mark.parametrize(("trusted", "status"), [(PROXIES, 200), ((), 429)], ids=["trusted", "nobody"])
async def test_behind_a_trusted_proxy_bad_log_ins_of_one_address_shut_out_no_other(
    world: World, trusted: tuple[IPv4Network | IPv6Network, ...], status: int
) -> None:
    world.make_account()
    world.services = replace(world.services, trusted_proxies=trusted)
    async with world.browser(source="10.0.0.1") as browser:
        for number in range(31):
            wrong = {"username": f"guess{number}", "password": "wrong password 1"}
            await browser.post("/api/login", json=wrong, headers={"X-Forwarded-For": "203.0.113.9"})
        right = {"username": USERNAME, "password": PASSWORD}
        answer = await browser.post("/api/login", json=right, headers={"X-Forwarded-For": "198.51.100.1"})
    assert answer.status_code == status
