"""Nothing that a role requires is under a licence that is not in `provisioning/release/licences.toml`."""

from email.message import Message
from importlib.metadata import distributions
from typing import cast

from packaging.utils import canonicalize_name

from provisioning.release.archive import ROLES
from provisioning.release.licences import check, is_allowed, licence_of
from provisioning.release.packages import Package, required


def test_every_package_that_a_role_requires_is_under_a_licence_that_is_allowed() -> None:
    there: dict[str, Package] = {
        canonicalize_name(each.name): Package(
            canonicalize_name(each.name), each.version, cast("Message", each.metadata)
        )
        for each in distributions()
    }
    extras = {extra for role in ROLES.values() for extra in role.extras}
    needed = {*required(there, "wayside", extras, {}), "pip"}
    assert len(needed) > 100
    for name in sorted(needed):
        check(there[name], licence_of(there[name])[0])


def test_each_side_of_and_has_to_be_allowed_and_one_of_or() -> None:
    assert is_allowed("MPL-2.0 AND (Apache-2.0 OR AGPL-3.0-only)")
    assert not is_allowed("MIT AND GPL-3.0-only")
    assert not is_allowed("GPL-3.0-or-later WITH GCC-exception-3.1")
    assert is_allowed("MIT AND LGPL-3.0-only", also=["LGPL-3.0-only"])
