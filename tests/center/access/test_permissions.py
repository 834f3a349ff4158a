"""The policy: what a role may do where, and that neither a token nor a narrower grant ever widens it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.access.permissions import (
    EVERYBODY,
    EVERYWHERE,
    NOWHERE,
    PLACED,
    ROLES,
    TOKEN_SCOPES,
    Access,
    CameraKey,
    District,
    Grant,
    Permission,
    Role,
    Scope,
    keeps_an_administrator,
)

NORTH = District("north", frozenset({CameraKey("cabinet-7", "cam-1"), CameraKey("cabinet-8", "cam-1")}))
SOUTH = District("south", frozenset({CameraKey("cabinet-9", "cam-1")}))
DISTRICTS = (None, NORTH, SOUTH)

grants = st.builds(
    Grant,
    role=st.sampled_from(Role),
    district=st.sampled_from(DISTRICTS),
    case_id=st.sampled_from((None, "case-1", "case-2")),
)
cases = st.sampled_from((None, "case-1", "case-2"))


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (Role.TECHNICIAN, Permission.ASSESSMENT_EDIT, Permission.OBSERVATION_SEARCH),
        (Role.OPERATOR, Permission.ALARM_HANDLE, Permission.OBSERVATION_SEARCH),
        (Role.ANALYST, Permission.OBSERVATION_SEARCH, Permission.CASE_APPROVE),
        (Role.SUPERVISOR, Permission.CASE_APPROVE, Permission.USER_EDIT),
        (Role.AUDITOR, Permission.AUDIT_VIEW, Permission.OBSERVATION_VIEW),
        (Role.DISPLAY, Permission.WALL_VIEW, Permission.CAMERA_VIEW),
        (Role.ADMINISTRATOR, Permission.USER_EDIT, None),
    ],
)
def test_a_role_is_for_what_it_is_called(role: Role, may: Permission, may_not: Permission | None) -> None:
    access = Access((Grant(role),))
    assert access.permits(may)
    assert may_not is None or not access.permits(may_not)


def test_every_role_is_in_the_table_and_every_permission_belongs_to_one() -> None:
    assert set(ROLES) == set(Role)
    others = frozenset[Permission]().union(*(ROLES[role] for role in Role if role is not Role.ADMINISTRATOR))
    only_administrators = {Permission.USER_EDIT, Permission.DISTRICT_EDIT, Permission.NOTIFICATION_EDIT}
    assert others | only_administrators | EVERYBODY == set(Permission)


def test_nobody_but_the_administrator_looks_after_accounts() -> None:
    assert [role for role in Role if Permission.USER_EDIT in ROLES[role]] == [Role.ADMINISTRATOR]


def test_without_a_grant_there_is_only_ones_own_account() -> None:
    assert Access().permissions() == EVERYBODY
    assert Access().scope(Permission.CAMERA_VIEW) == NOWHERE
    assert Access().districts(Permission.DISTRICT_VIEW) == frozenset()


def test_a_role_in_one_district_is_about_its_cameras_and_nothing_else() -> None:
    access = Access((Grant(Role.ADMINISTRATOR, NORTH),))
    assert access.scope(Permission.OBSERVATION_VIEW) == Scope(cameras=NORTH.cameras)
    for permission in set(Permission) - PLACED - EVERYBODY:
        assert not access.permits(permission), permission
    assert access.districts(Permission.DISTRICT_VIEW) == frozenset({"north"})


def test_two_districts_add_up_and_all_of_them_are_more_than_any() -> None:
    both = Access((Grant(Role.ANALYST, NORTH), Grant(Role.OPERATOR, SOUTH)))
    assert both.scope(Permission.CAMERA_VIEW) == Scope(cameras=NORTH.cameras | SOUTH.cameras)
    assert both.scope(Permission.OBSERVATION_SEARCH) == Scope(cameras=NORTH.cameras)
    assert Access((Grant(Role.ANALYST, NORTH), Grant(Role.ANALYST))).scope(Permission.CAMERA_VIEW) == EVERYWHERE


def test_a_camera_is_its_agents_and_not_of_whoever_has_the_same_id() -> None:
    scope = Scope(cameras=SOUTH.cameras)
    assert scope.holds("cabinet-9", "cam-1")
    assert not scope.holds("cabinet-7", "cam-1")
    assert scope.holds_agent("cabinet-9")
    assert not scope.holds_agent("cabinet-7")


def test_a_role_in_one_case_counts_where_that_case_is_named() -> None:
    access = Access((Grant(Role.ANALYST, NORTH, "case-1"),))
    assert not access.permits(Permission.OBSERVATION_SEARCH)
    assert not access.permits(Permission.OBSERVATION_SEARCH, case_id="case-2")
    assert access.scope(Permission.OBSERVATION_SEARCH, case_id="case-1") == Scope(cameras=NORTH.cameras)


@given(st.lists(grants, max_size=4), st.frozensets(st.sampled_from(sorted(TOKEN_SCOPES))), cases)
def test_a_token_never_may_more_than_its_account(
    given_: list[Grant], scopes: frozenset[Permission], case_id: str | None
) -> None:
    account, token = Access(tuple(given_)), Access(tuple(given_), scopes)
    assert not token.permits(Permission.OWN_ACCOUNT, case_id=case_id)
    for permission in Permission:
        allowed = token.permits(permission, case_id=case_id)
        assert not allowed or account.permits(permission, case_id=case_id)
        assert allowed is (
            permission is Permission.SIGNED_IN
            or (permission in scopes and account.permits(permission, case_id=case_id))
        )
        wide = account.scope(permission, case_id=case_id)
        assert (token.scope(permission, case_id=case_id) | wide) == wide


@given(st.lists(grants, max_size=3), grants, cases)
def test_one_grant_more_never_takes_anything_away(few: list[Grant], more: Grant, case_id: str | None) -> None:
    before, after = Access(tuple(few)), Access((*few, more))
    for permission in Permission:
        assert after.permits(permission, case_id=case_id) or not before.permits(permission, case_id=case_id)
        wide = after.scope(permission, case_id=case_id)
        assert (before.scope(permission, case_id=case_id) | wide) == wide


def test_an_administrator_of_a_district_or_a_case_is_not_one_who_is_left() -> None:
    for district, case_id in product(DISTRICTS, (None, "case-1")):
        kept = keeps_an_administrator([Grant(Role.AUDITOR), Grant(Role.ADMINISTRATOR, district, case_id)])
        assert kept is (district is None and case_id is None)
