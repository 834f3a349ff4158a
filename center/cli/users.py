"""`wayside-center user` and `district`: manage accounts and districts. Needs access to the centre's files."""

from typing import TYPE_CHECKING, Annotated

import typer

from center.access.permissions import Role
from center.cli.output import ACTOR, ConfigFile, out, records, say

if TYPE_CHECKING:
    from center.access.users import GrantRequest

user = typer.Typer(no_args_is_help=True, help="Look after accounts.")
district = typer.Typer(no_args_is_help=True, help="Look after districts: groups of cameras that roles are given in.")

Name = Annotated[str, typer.Argument(help="The account.")]
RoleOption = Annotated[Role | None, typer.Option("--role", help="What the account is for.")]
DistrictOption = Annotated[
    list[str] | None, typer.Option("--district", metavar="ID", help="There alone; more than one may be named.")
]
CaseOption = Annotated[str | None, typer.Option("--case", metavar="ID", help="In this case alone.")]


@user.command("list")
def list_users(config: ConfigFile) -> None:
    """Print every account with its roles."""
    with records(config) as opened:
        for account in opened.users.all():
            marks = [
                *(["disabled"] if account.disabled else []),
                *(["second factor"] if account.second_factor else []),
                *([f"tokens: {account.tokens}"] if account.tokens else []),
            ]
            roles = " ".join(map(str, account.given)) or "no role"
            say(f"{account.username}  {roles}{'  ' if marks else ''}{', '.join(marks)}")


@user.command()
def add(
    name: Name,
    config: ConfigFile,
    role: RoleOption = None,
    districts: DistrictOption = None,
    case: CaseOption = None,
    provider: Annotated[
        bool, typer.Option("--provider", help="Opened by the identity provider of [oidc], by no password.")
    ] = False,
) -> None:
    """Make an account; asks for its password."""
    password: str | None = None
    if not provider:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    given = [] if role is None else _given(role, districts, case)
    with records(config) as opened:
        account = opened.users.add(name, password, given, actor=ACTOR)
    out.print(f"{account.username} is made: {' '.join(map(str, account.given)) or 'no role'}.", markup=False)


@user.command()
def grant(
    name: Name,
    role: Annotated[Role, typer.Argument(help="The role to give.")],
    config: ConfigFile,
    districts: DistrictOption = None,
    case: CaseOption = None,
) -> None:
    """Give an account one more role; without --district everywhere."""
    with records(config) as opened:
        before = opened.users.get(name).given
        account = opened.users.set_grants(name, [*before, *_given(role, districts, case)], actor=ACTOR)
    out.print(f"{account.username}: {' '.join(map(str, account.given))}.", markup=False)


@user.command()
def ungrant(
    name: Name,
    role: Annotated[Role, typer.Argument(help="The role to take away, wherever it was given.")],
    config: ConfigFile,
) -> None:
    """Take a role from an account."""
    with records(config) as opened:
        kept = [given for given in opened.users.get(name).given if given.role is not role]
        account = opened.users.set_grants(name, kept, actor=ACTOR)
    out.print(f"{account.username}: {' '.join(map(str, account.given)) or 'no role'}.", markup=False)


@user.command()
def disable(name: Name, config: ConfigFile) -> None:
    """Disable an account; its sessions end, its tokens are refused."""
    with records(config) as opened:
        account = opened.users.set_disabled(name, disabled=True, actor=ACTOR)
    out.print(f"{account.username} is disabled.", markup=False)


@user.command()
def enable(name: Name, config: ConfigFile) -> None:
    """Enable a disabled account again."""
    with records(config) as opened:
        account = opened.users.set_disabled(name, disabled=False, actor=ACTOR)
    out.print(f"{account.username} is enabled.", markup=False)


@user.command("reset-password")
def reset_password(
    name: Name,
    config: ConfigFile,
    keep_tokens: Annotated[bool, typer.Option("--keep-tokens", help="Its API tokens stay good.")] = False,
) -> None:
    """Ask for a new password and end all sessions and API tokens of the account."""
    with records(config) as opened:
        password: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        opened.auth.reset_password(username=name, password=password, end_tokens=not keep_tokens, actor=ACTOR)
    what = "sessions" if keep_tokens else "sessions and API tokens"
    out.print(f"The password is changed; all {what} of the account have ended.")


@user.command("remove-second-factor")
def remove_second_factor(name: Name, config: ConfigFile) -> None:
    """Remove the second factor of an account whose owner has lost it."""
    with records(config) as opened:
        opened.users.remove_second_factor(name, actor=ACTOR)
    out.print("The second factor is off.")


@user.command()
def tokens(name: Name, config: ConfigFile) -> None:
    """Print the API tokens of an account."""
    with records(config) as opened:
        for token in opened.tokens.of(opened.users.get(name).user_id):
            state = "revoked" if token.revoked_at_ms is not None else f"until {token.expires_at_ms} ms"
            say(f"{token.token_id}  {token.name}  {state}  {' '.join(token.scopes)}")


@user.command("revoke-token")
def revoke_token(name: Name, token_id: Annotated[str, typer.Argument(help="Of the list.")], config: ConfigFile) -> None:
    """End an API token at once."""
    with records(config) as opened:
        opened.tokens.revoke(opened.users.get(name).user_id, token_id, actor=ACTOR)
    out.print("The token is revoked.")


@district.command("list")
def list_districts(config: ConfigFile) -> None:
    """Print every district with the number of its cameras."""
    with records(config) as opened:
        for each in opened.districts.all():
            say(f"{each.district_id}  {each.name}  cameras: {len(each.cameras)}")


@district.command("add")
def add_district(
    district_id: Annotated[str, typer.Argument(help="Lower case letters, digits and dashes.")],
    config: ConfigFile,
    name: Annotated[str, typer.Option("--name", help="As people say it.")] = "",
) -> None:
    """Make a district without cameras."""
    import re  # noqa: PLC0415 - --help stays light

    from center.access.districts import DISTRICT_PATTERN  # noqa: PLC0415 - the same

    if re.fullmatch(DISTRICT_PATTERN[1:-1], district_id) is None:
        raise typer.BadParameter("1 to 63 lower case letters, digits and dashes", param_hint="district_id")
    with records(config) as opened:
        opened.districts.create(district_id, name or district_id, actor=ACTOR)
    out.print(f"District {district_id} is made.", markup=False)


@district.command()
def cameras(
    district_id: Annotated[str, typer.Argument(help="The district.")],
    config: ConfigFile,
    sources: Annotated[list[str], typer.Argument(metavar="AGENT/CAMERA...", help="All its cameras from now on.")],
) -> None:
    """Replace the cameras of a district."""
    from center.access.permissions import CameraKey  # noqa: PLC0415 - --help stays light

    keys = [CameraKey(*each.split("/", 1)) for each in sources if each.count("/") == 1]
    if len(keys) != len(sources):
        raise typer.BadParameter("give each camera as AGENT/CAMERA", param_hint="sources")
    with records(config) as opened:
        made = opened.districts.set_cameras(district_id, keys, actor=ACTOR)
    out.print(f"District {district_id} has {len(made.cameras)} cameras.", markup=False)


@district.command("second-account")
def second_account(
    district_id: Annotated[str, typer.Argument(help="The district.")],
    config: ConfigFile,
    *,
    required: Annotated[bool, typer.Option(help="If another account than its author's has to enable a rule.")] = True,
) -> None:
    """Set whether rules of the district's cameras are enabled by another account than their author's."""
    with records(config) as opened:
        opened.districts.want_second_account(district_id, wanted=required, actor=ACTOR)
    enables = "another account than its author's" if required else "any account that may edit it"
    out.print(f"A rule of district {district_id} is enabled by {enables}.", markup=False)


def _given(role: Role, districts: list[str] | None, case: str | None) -> "list[GrantRequest]":
    from center.access.users import GrantRequest  # noqa: PLC0415 - --help stays light

    if not districts:
        return [GrantRequest(role, None, case)]
    return [GrantRequest(role, each, case) for each in districts]
