"""Pack files: what was written comes back, and nothing else ever does."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.query.archive import PicturePlace
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from ray_cluster.archive.packs import MAGIC, Packs
from ray_cluster.errors import ArchiveWriteFailed, PictureDamaged, PictureErased

PICTURES = [b"\xff\xd8first", b"\xff\xd8second one", b"\xff\xd8" + bytes(500)]
DAY = "20261124"


def sha(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return Packs(tmp_path)


def test_pictures_come_back(packs: Packs, tmp_path: Path) -> None:
    places = packs.write(DAY, "00ff", PICTURES)
    assert [packs.read(place, sha(picture)) for place, picture in zip(places, PICTURES, strict=True)] == PICTURES
    assert packs.days() == (DAY,)
    assert [path.name for path in (tmp_path / DAY).iterdir()] == ["00ff.pack"]


def test_an_erased_picture_is_gone_and_its_neighbours_are_not(packs: Packs, tmp_path: Path) -> None:
    places = packs.write(DAY, "00", PICTURES)
    for _ in range(2):
        packs.erase(places[1])
    assert PICTURES[1] not in (tmp_path / places[1].pack).read_bytes()
    with pytest.raises(PictureErased):
        packs.read(places[1], sha(PICTURES[1]))
    assert packs.read(places[0], sha(PICTURES[0])) == PICTURES[0]
    assert packs.read(places[2], sha(PICTURES[2])) == PICTURES[2]


def test_a_missing_pack_is_said(packs: Packs) -> None:
    place = PicturePlace(pack=f"{DAY}/aa.pack", offset=8, length=5)
    with pytest.raises(PictureDamaged, match="backup"):
        packs.read(place, sha(b"x"))
    with pytest.raises(PictureDamaged, match="nothing is left"):
        packs.erase(place)


def test_a_name_is_used_once(packs: Packs) -> None:
    packs.write(DAY, "00", PICTURES)
    with pytest.raises(ArchiveWriteFailed, match="of this name"):
        packs.write(DAY, "00", PICTURES[:1])
    assert [path.name for path in (packs._root / DAY).iterdir()] == ["00.pack"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArchiveWriteFailed, match="check the disk"):
        Packs(tmp_path / "file").write(DAY, "00", PICTURES)


@pytest.mark.parametrize(("offset", "length"), [(0, 8), (7, 4), (8, 0), (8, 10_000), (10**12, 1), (8, 2**40)])
def test_places_outside_the_pictures_are_refused(packs: Packs, offset: int, length: int) -> None:
    packs.write(DAY, "00", PICTURES)
    place = PicturePlace(pack=f"{DAY}/00.pack", offset=offset, length=length)
    for act in (lambda: packs.read(place, sha(b"")), lambda: packs.erase(place)):
        with pytest.raises(PictureDamaged):
            act()
    assert packs._root.joinpath(place.pack).read_bytes() == MAGIC + b"".join(PICTURES)


@settings(max_examples=60)
@given(
    content=st.binary(max_size=300),
    offset=st.integers(0, 400),
    length=st.integers(0, 2 * MAX_MESSAGE_BYTES),
    picture=st.binary(min_size=1, max_size=40),
)
def test_no_bytes_but_the_right_ones_are_ever_returned(
    tmp_path: Path, content: bytes, offset: int, length: int, picture: bytes
) -> None:
    (tmp_path / DAY).mkdir(exist_ok=True)
    (tmp_path / DAY / "00.pack").write_bytes(content)
    place = PicturePlace(pack=f"{DAY}/00.pack", offset=offset, length=length)
    try:
        read = Packs(tmp_path).read(place, sha(picture))
    except (PictureDamaged, PictureErased):
        assert content[offset : offset + length] != picture or offset < len(MAGIC) or not length
    else:
        assert read == picture == content[offset : offset + length]


@settings(max_examples=40)
@given(pictures=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=6), flip=st.integers(0, 10_000))
def test_one_flipped_bit_is_noticed(tmp_path: Path, pictures: list[bytes], flip: int) -> None:
    packs = Packs(tmp_path / os.urandom(8).hex())
    places = packs.write(DAY, "00", pictures)
    path = packs._root / places[0].pack
    content = bytearray(path.read_bytes())
    at = len(MAGIC) + flip // 8 % (len(content) - len(MAGIC))
    content[at] ^= 1 << flip % 8
    path.write_bytes(content)
    for place, picture in zip(places, pictures, strict=True):
        if place.offset <= at < place.offset + place.length:
            with pytest.raises((PictureDamaged, PictureErased)):
                packs.read(place, sha(picture))
        else:
            assert packs.read(place, sha(picture)) == picture
