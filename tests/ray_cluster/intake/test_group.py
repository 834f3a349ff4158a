"""The name of the intake's shared group follows from the cluster's key, and from nothing else."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from provisioning.contracts.errors import ConfigError
from ray_cluster.intake import group


def written(path: Path, key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8, around: bytes = b"") -> Path:
    path.write_bytes(around + key.private_bytes(Encoding.PEM, form, NoEncryption()) + around)
    return path


def test_one_key_has_one_name_however_its_file_is_written(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    files = [
        written(tmp_path / "a", key),
        written(tmp_path / "b", key, PrivateFormat.TraditionalOpenSSL),
        written(tmp_path / "c", key, around=b"\n\n"),
    ]
    assert len({group.derive(file) for file in files}) == 1


def test_another_key_has_another_name(tmp_path: Path) -> None:
    keys: list[PrivateKeyTypes] = [
        *(ec.generate_private_key(ec.SECP256R1()) for _ in range(5)),
        rsa.generate_private_key(65537, 2048),
    ]
    names = {group.derive(written(tmp_path / "key", key)) for key in keys}
    assert len(names) == len(keys)
    assert {len(name) for name in names} == {32}


def test_a_key_that_cannot_be_read_is_named_with_what_to_do_and_its_content_is_not(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    for name, content in {"empty": b"", "text": b"geheim-7", "locked": locked}.items():
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(ConfigError, match=f"{name}: .*copy the cluster's key there again") as refused:
            group.derive(file)
        assert "geheim" not in str(refused.value)
    with pytest.raises(ConfigError, match="No such file"):
        group.derive(tmp_path / "absent")
