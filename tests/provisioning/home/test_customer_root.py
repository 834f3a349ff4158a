"""`authority csr` and `adopt`: requests out, the customer's signatures in, and the servers send what he signed."""

from base64 import b64encode
from ipaddress import ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store
from hypothesis import given
from hypothesis import strategies as st

from provisioning.errors import AuthorityError
from provisioning.home import customer_root
from provisioning.home.home import Home
from tests.support.customer import Customer
from tests.support.office import Technician


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    made.sets_up()
    return made


@pytest.fixture
def customer() -> Customer:
    return Customer()


def signed(technician: Technician, customer: Customer, folder: Path, *names: str) -> list[Path]:
    """What the customer makes of these requests, and his root, as files."""
    requests = technician.asks("authority", "csr")["requests"]
    files = []
    for name in names:
        path = folder / f"{name}.pem"
        path.write_bytes(customer.sign(requests[name]).public_bytes(Encoding.PEM))
        files.append(path)
    (folder / "root.pem").write_bytes(customer.pem())
    return [*files, folder / "root.pem"]


def test_requests_are_printed_or_written_once(technician: Technician, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "requests"
    assert technician.asks("authority", "csr", "-o", folder)["changed"] is True
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert sorted(before) == ["agents.csr", "services.csr"]
    assert technician.asks("authority", "csr", "-o", folder)["changed"] is False
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    shown = technician.types("authority", "csr").stdout
    assert shown.count("-----BEGIN CERTIFICATE REQUEST-----") == 2


def test_something_else_of_that_name_is_not_written_over(technician: Technician, tmp_path: Path) -> None:
    (tmp_path / "agents.csr").write_text("something else")
    assert "is no request" in technician.refused("authority", "csr", "-o", tmp_path)
    assert (tmp_path / "agents.csr").read_text() == "something else"


def test_adopted_the_servers_send_it_and_keep_their_keys(
    technician: Technician, customer: Customer, tmp_path: Path
) -> None:
    home = Home.open(technician.directory)
    pin, trusted = home.pin(), home.services_ca()
    files = signed(technician, customer, tmp_path, "agents", "services")
    done = technician.asks("authority", "adopt", *files)
    assert (done["changed"], done["adopted"], done["missing"]) == (True, {"agents": True, "services": True}, [])
    assert done["issued"] == ["broker", "enrolment", "evidence", "timestamp"]
    assert (home.pin(), home.services_ca()) == (pin, trusted)
    for name in ("broker", "enrolment"):
        own, *chain = x509.load_pem_x509_certificates(home.identities.identity(name).cert_file.read_bytes())
        name_asked = x509.IPAddress(ip_address("10.0.0.5"))
        verifier = PolicyBuilder().store(Store([customer.root])).build_server_verifier(name_asked)
        assert verifier.verify(own, chain)[-1] == customer.root
    again = technician.asks("authority", "adopt", *files)
    assert (again["changed"], again["issued"]) == (False, [])


def test_all_in_one_file_and_our_own_certificates_beside_it(
    technician: Technician, customer: Customer, tmp_path: Path
) -> None:
    ours = (technician.directory / "authority").glob("*.crt")
    files = [*signed(technician, customer, tmp_path, "agents", "services"), *ours]
    (tmp_path / "all.pem").write_bytes(b"".join(file.read_bytes() for file in files))
    assert technician.asks("authority", "adopt", tmp_path / "all.pem")["adopted"] == {"agents": True, "services": True}


def test_one_authority_alone_may_come_first(technician: Technician, customer: Customer, tmp_path: Path) -> None:
    done = technician.asks("authority", "adopt", *signed(technician, customer, tmp_path, "agents"))
    assert (done["adopted"], done["missing"], done["issued"]) == ({"agents": True}, ["services"], [])


def test_an_interrupted_adoption_is_finished_by_the_next(
    technician: Technician, customer: Customer, tmp_path: Path
) -> None:
    home = Home.open(technician.directory)
    files = signed(technician, customer, tmp_path, "services")
    home.identities.services.adopt(x509.load_pem_x509_certificate(files[0].read_bytes()), customer.root)
    done = technician.asks("authority", "adopt", *files)
    assert (done["changed"], done["adopted"], done["issued"]) == (
        True,
        {"services": False},
        ["broker", "enrolment", "evidence", "timestamp"],
    )


def test_without_his_root_it_names_whose_is_missing(technician: Technician, customer: Customer, tmp_path: Path) -> None:
    files = signed(technician, customer, tmp_path, "agents")
    assert "CN=County root" in technician.refused("authority", "adopt", files[0])


def test_another_homes_certificates_are_for_another_key(
    technician: Technician, customer: Customer, tmp_path: Path
) -> None:
    other = Technician(tmp_path / "other")
    other.sets_up()
    files = signed(other, customer, tmp_path, "agents", "services")
    assert "none of the 3 certificates" in technician.refused("authority", "adopt", *files)


def test_a_root_of_the_same_name_that_did_not_sign_is_refused(
    technician: Technician, customer: Customer, tmp_path: Path
) -> None:
    files = signed(technician, customer, tmp_path, "agents")
    files[-1].write_bytes(Customer().pem())
    assert "not signed by the root" in technician.refused("authority", "adopt", *files)


@pytest.mark.parametrize(
    "content", [None, b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_of_no_use_is_named(technician: Technician, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "root.der"
    if content is not None:
        file.write_bytes(content)
    assert "root.der" in technician.refused("authority", "adopt", file)


@given(st.binary(max_size=300), st.booleans())
def test_arbitrary_bytes_are_no_certificates_and_nothing_worse(data: bytes, armoured: bool) -> None:
    with NamedTemporaryFile() as file:
        text = b"-----BEGIN CERTIFICATE-----\n" + b64encode(data) + b"\n-----END CERTIFICATE-----\n"
        Path(file.name).write_bytes(text if armoured else data)
        with pytest.raises(AuthorityError, match="holds no certificates"):
            list(customer_root._certificates([Path(file.name)]))
