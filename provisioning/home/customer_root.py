"""Puts both authorities under a root that the customer has already: requests go out, signed certificates come in."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from cryptography import x509

from provisioning.errors import AuthorityError
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.pki.authority import Authority
from provisioning.pki.identities import SERVERS, SIGNERS
from provisioning.pki.intermediate import key_of
from provisioning.signing.x509_faults import MALFORMED

_MAX_BYTES: Final = 1024**2


def request(home: Home, directory: Path | None) -> CommandResult:
    """Prints both requests, or writes `agents.csr` and `services.csr`; an existing one for the same key stays.

    Raises:
        AuthorityError: an authority's key is not here, or the folder cannot be written.
    """
    shown = "next: have the customer's root sign both, then: wayside-provision authority adopt FILE... (his root too)"
    if directory is None:
        requests = {name: authority.request() for name, authority in _authorities(home).items()}
        return CommandResult({"changed": False, "requests": requests}, [*requests.values(), shown])
    files = {name: directory / f"{name}.csr" for name in _authorities(home)}
    due = [name for name, file in files.items() if not _is_request_of(_authorities(home)[name], file)]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in due:
            data = _authorities(home)[name].request().encode()
            durable.write(files[name], data, mode=durable.PUBLIC)
    except OSError as error:
        raise AuthorityError(f"{directory}: cannot be written ({error.strerror}); choose another with -o") from error
    lines = [
        f"{file}: {'written' if name in due else 'there already, and for this key'}" for name, file in files.items()
    ]
    return CommandResult(
        {"changed": bool(due), "files": {name: str(file) for name, file in files.items()}}, [*lines, shown]
    )


def adopt(home: Home, files: Sequence[Path]) -> CommandResult:
    """Adopts certificates that the customer's root signed, and issues the servers' certificates again with their chain.

    Raises:
        AuthorityError: nothing in the files is for our authorities, or `intermediate.check` refuses it.
    """
    given = list(_certificates(files))
    ours = _authorities(home)
    found = {name: _for(authority, given) for name, authority in ours.items()}
    if not any(found.values()):
        raise AuthorityError(
            f"{', '.join(map(str, files))}: none of the {len(given)} certificates is for the key of one of our"
            " authorities; have the customer's root sign what this prints: wayside-provision authority csr"
        )
    keys = {key_of(authority.certificate) for authority in ours.values()}
    roots = [each for each in given if key_of(each) not in keys]
    adopted = {name: ours[name].adopt(each, _root_of(each, roots)) for name, each in found.items() if each is not None}
    chain = home.identities.services.chain_pem()
    due = [name for name in (*SERVERS, *SIGNERS) if _lacks(home.identities.identity(name).cert_file, chain)]
    for name in due:
        home.identities.issue(name, home.config.hosts)
    lines = [
        f"{name}: {'adopted' if new else 'was adopted before; nothing was changed'}" for name, new in adopted.items()
    ]
    if due:
        lines.append(
            f"{', '.join(due)} now carry it: start again wayside-provision broker run, wayside-provision serve; copy"
            f" {' and '.join(SIGNERS)} to the centre"
        )
    missing = [name for name, each in found.items() if each is None and not ours[name].chain_pem()]
    if missing:
        lines.append(f"not under the customer's root yet: {', '.join(missing)}")
    facts = {"changed": any(adopted.values()) or bool(due), "adopted": adopted, "issued": due, "missing": missing}
    return CommandResult(facts, lines)


def _lacks(file: Path, chain: bytes) -> bool:
    """True for a certificate that is here without the chain; one that was moved to its server is not made again."""
    return file.exists() and not file.read_bytes().endswith(chain)


def _authorities(home: Home) -> dict[str, Authority]:
    return {"agents": home.identities.agents, "services": home.identities.services}


def _is_request_of(authority: Authority, file: Path) -> bool:
    ours = authority.certificate
    try:
        known = x509.load_pem_x509_csr(file.read_bytes())
        return known.subject == ours.subject and known.public_key() == ours.public_key() and known.is_signature_valid
    except FileNotFoundError:
        return False
    except (OSError, *MALFORMED) as error:
        raise AuthorityError(f"{file}: is there already and is no request; choose another folder with -o") from error


def _certificates(files: Iterable[Path]) -> Iterable[x509.Certificate]:
    for file in files:
        try:
            with file.open("rb") as opened:
                made = x509.load_pem_x509_certificates(opened.read(_MAX_BYTES))
            for each in made:
                key_of(each)  # one that cannot be read is said here, by the name of its file
            yield from made
        except OSError as error:
            raise AuthorityError(f"{file}: cannot be read ({error.strerror})") from error
        except MALFORMED as error:
            raise AuthorityError(
                f"{file}: holds no certificates in PEM that can be read; from DER:"
                f" openssl x509 -inform der -in {file.name} -out {file.stem}.pem"
            ) from error


def _for(authority: Authority, given: Iterable[x509.Certificate]) -> x509.Certificate | None:
    """Returns the certificate that a customer's root made for this authority; of several, the one that ends last."""
    key = key_of(authority.certificate)
    mine = [each for each in given if key_of(each) == key and each != authority.certificate]
    return max(mine, key=lambda each: each.not_valid_after_utc, default=None)


def _root_of(theirs: x509.Certificate, roots: Sequence[x509.Certificate]) -> x509.Certificate:
    """Returns the certificate that is named as issuer; `adopt` verifies the signature.

    Raises:
        AuthorityError: it was not given.
    """
    named = [each for each in roots if each.subject == theirs.issuer]
    if not named:
        raise AuthorityError(
            f"the certificate of {theirs.issuer.rfc4514_string()!r}, which signed this, was not given; add its file"
        )
    return max(named, key=lambda each: each.not_valid_after_utc)
