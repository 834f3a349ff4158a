"""Errors of accounts, permissions, districts and tokens, in the form of `center.errors`."""

from center.errors import CenterError, marked


class UserTakenError(CenterError):
    """An account of that name exists, perhaps disabled: names are not used twice, since the audit refers to them."""

    code = "user_taken"
    message = marked("There is a user {username} already.")
    remedy = marked("Choose another name, or enable that account again.")


class LastAdministratorError(CenterError):
    """The change would leave no administrator."""

    code = "last_administrator"
    message = marked("{username} is the last administrator.")
    remedy = marked("Make somebody else administrator first.")


class ForbiddenError(CenterError):
    """The user is logged in and lacks the permission."""

    code = "forbidden"
    message = marked("This account may not do that: it needs the permission {permission}.")
    remedy = marked("Ask an administrator for a role that has it.")


class SecondFactorNeededError(CenterError):
    """The password is right; the account also asks for a one-time code."""

    code = "second_factor_needed"
    message = marked("This account asks for a one-time code as well.")
    remedy = marked("Give the code of the authenticator app, or one of the recovery codes.")


class SecondFactorOnError(CenterError):
    """The account has a second factor already."""

    code = "second_factor_on"
    message = marked("The second factor of this account is on already.")
    remedy = marked("Switch it off before setting up another.")


class WrongCodeError(CenterError):
    """The text is no current one-time code, or a code that was used already."""

    code = "wrong_code"
    message = marked("The one-time code is wrong or was used before.")
    remedy = marked("Wait for the next code, and check that the telephone's clock is right.")


class SecondFactorKeyError(CenterError):
    """The file with the key of all second factors cannot be used."""

    code = "second_factor_key"
    message = marked("The key of second factors cannot be used: {cause}.")
    remedy = marked("Put back the file that belongs to this database, readable for the centre's user alone.")


class UnknownTokenError(CenterError):
    """The account has no token of that id."""

    code = "unknown_token"
    message = marked("There is no token {token_id}.")
    remedy = marked("Look at the list of tokens.")


class TooManyTokensError(CenterError):
    """The account has as many tokens as it may have."""

    code = "too_many_tokens"
    message = marked("This account has {limit} tokens already.")
    remedy = marked("Revoke one that is not used any more.")


class TokenTooLongError(CenterError):
    """The token would live longer than tokens of this centre may."""

    code = "token_too_long"
    message = marked("A token of this centre ends after {limit} days at most.")
    remedy = marked("Give it fewer days, and make the next one before it ends.")


class StaleLoginError(CenterError):
    """The account has no password here to ask for, and its log-in by the provider is too long ago to stand for one."""

    code = "stale_login"
    message = marked(
        "This account has no password here, and its log-in by the identity provider is over {minutes} minutes ago."
    )
    remedy = marked("Log out, log in by the provider again, and do it then.")


class BadScopeError(CenterError):
    """No token may have these scopes."""

    code = "bad_scope"
    message = marked("A token of this account cannot have the scope {scope}.")
    remedy = marked("Give permissions that the account itself has, other than those over itself.")


class UnknownDistrictError(CenterError):
    """No district has that id."""

    code = "unknown_district"
    message = marked("There is no district {district_id}.")
    remedy = marked("Look at the list of districts.")


class DistrictTakenError(CenterError):
    """A district of that id exists."""

    code = "district_taken"
    message = marked("There is a district {district_id} already.")
    remedy = marked("Choose another id.")


class DistrictNamedError(CenterError):
    """A district of that name exists."""

    code = "district_named"
    message = marked("There is a district called {name} already, {district_id}.")
    remedy = marked("Use that one, or choose another name.")


class DistrictAssessedError(CenterError):
    """The assessment uses the district's region code and outline."""

    code = "district_assessed"
    message = marked("The assessment checks cameras against district {district_id}.")
    remedy = marked("Take it out of the assessment first: DELETE /api/assessment/districts?name={name}")


class DistrictInUseError(CenterError):
    """An account has a grant in the district."""

    code = "district_in_use"
    message = marked("Somebody has a role in district {district_id}.")
    remedy = marked("Take those roles away first.")


class ProviderRefusedError(CenterError):
    """The identity provider's answer was refused. The text never shows a token or code."""

    code = "provider_refused"
    message = marked("The log-in by the identity provider was refused: {cause}.")
    remedy = marked("Begin again; if it stays so, ask an administrator whether this account was made for it.")


class ProviderUnreachableError(CenterError):
    """The identity provider does not answer as OpenID Connect asks."""

    code = "provider_unreachable"
    message = marked("The identity provider {issuer} cannot be used: {cause}.")
    remedy = marked("Check [oidc] and that the provider answers; local accounts still log in.")
