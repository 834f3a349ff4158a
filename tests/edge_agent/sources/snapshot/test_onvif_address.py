"""The address of a picture by ONVIF, from a simulated camera: only the configured host is ever asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import NoPicture, SourceError, Unreachable, WrongCredentials
from edge_agent.frames import Glance
from provisioning.demo.simulators.onvif import OnvifCamera, OnvifServer
from tests.edge_agent.asking import Asking
from tests.edge_agent.pictures import JPEG
from tests.support.picture_camera import PATH, Given, PictureCamera

DEVICE = "/onvif/device_service"


class Street:
    """A camera that tells the address of its picture, and hands it out at another port of the same host."""

    def __init__(self, pictures: PictureCamera, services: OnvifServer, folder: Path) -> None:
        self.pictures = pictures
        self.folder = folder
        self.url = services.url(DEVICE)
        self.onvif = OnvifCamera(
            media_url=self.url, snapshot_urls={"main": pictures.url, "sub & small": f"{pictures.url}?sub=1&x=2"}
        )
        services.cameras[DEVICE] = self.onvif

    def asking(self, **options: object) -> Asking:
        return Asking(None, self.folder, onvif_url=self.url, **options)


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with PictureCamera(lambda _: Given(JPEG)) as pictures, OnvifServer() as services:
        yield Street(pictures, services, tmp_path)


def test_the_first_profiles_picture_comes_and_its_address_is_asked_for_once(street: Street) -> None:
    asking = street.asking()
    assert all(isinstance(item, Glance) for item in asking.some(3))
    assert street.pictures.paths == [PATH] * 3
    assert street.onvif.calls == 4


def test_a_profile_can_be_named(street: Street) -> None:
    street.asking(profile="sub & small").some(1)
    assert street.pictures.paths == [f"{PATH}?sub=1&x=2"]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest_is_answered_at_the_service_and_at_the_picture(street: Street, algorithm: str) -> None:
    street.onvif.login, street.onvif.algorithm = ("admin", "s3cret-密码"), algorithm
    street.pictures.login = "digest"
    assert isinstance(street.asking(login=True).some(1)[0], Glance)
    street.onvif.login = ("admin", "other")
    assert isinstance(street.asking(login=True).failure(), WrongCredentials)


def test_a_camera_that_tells_its_time_to_no_stranger_gets_a_login_of_the_agents_time(street: Street) -> None:
    street.onvif.wants_token = True
    assert isinstance(street.asking().failure(), WrongCredentials)
    assert isinstance(street.asking(login=True).some(1)[0], Glance)


def test_another_host_in_an_answer_is_never_asked(street: Street) -> None:
    street.onvif.media_url = "http://192.168.1.108:81/onvif/device_service"
    with PictureCamera(lambda _: Given(JPEG)) as elsewhere:
        inner = elsewhere.url.replace("127.0.0.1", "127.0.0.2")
        street.onvif.snapshot_urls = {"main": inner}
        failure = street.asking().failure()  # asked at the port of the service, which has no pictures
        assert isinstance(failure, NoPicture)
    assert elsewhere.schemes == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"snapshot_urls": {}}, "names no media profile"),
        ({"snapshot_urls": {"main": ""}}, "no address of a picture"),
        ({"snapshot_urls": {"main": "file:///etc/passwd"}}, "no address of a picture"),
        ({"snapshot_urls": {"main": "rtsp://127.0.0.1/a"}}, "no address of a picture"),
        ({"media_url": "nowhere"}, "no address of a picture"),
        ({"answer": lambda _: b"<html>"}, "no XML"),
    ],
    ids=["no-profile", "no-uri", "file", "rtsp", "no-media", "html"],
)
def test_what_leads_to_no_picture_is_a_typed_error_and_the_next_attempt_asks_anew(
    street: Street, change: dict[str, object], says: str
) -> None:
    before = {name: getattr(street.onvif, name) for name in change}
    for name, value in change.items():
        setattr(street.onvif, name, value)
    asking = street.asking()
    failure = asking.failure()
    assert isinstance(failure, NoPicture)
    assert says in str(failure)
    for name, value in before.items():
        setattr(street.onvif, name, value)
    assert isinstance(asking.some(1)[0], Glance)


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    assert isinstance(Asking(None, tmp_path, onvif_url="http://127.0.0.1:1/secret-token").failure(), Unreachable)


@given(named=st.text(max_size=120) | st.text("htps:/[]@127.0#?%", max_size=40))
def test_no_named_address_leads_elsewhere(named: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with PictureCamera(lambda _: Given(JPEG)) as pictures, OnvifServer() as services:
        street = Street(pictures, services, tmp_path_factory.getbasetemp())
        street.onvif.snapshot_urls = {"main": "".join(each for each in named if each.isprintable())}
        with pytest.raises(SourceError):
            street.asking(timeout_s=5).some(1)
