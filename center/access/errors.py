"""Errors of accounts, permissions, districts and tokens, in the form of `center.errors`."""

from center.errors import CenterError, marked


class UserTakenError(CenterError):
    """An account of that name exists, perhaps disabled: names are not used twice, since the audit refers to them."""

    code = "user_taken"
    message = marked("User {username} already exists.")
    remedy = marked("Choose another user name, or enable that account again.")


class LastAdministratorError(CenterError):
    """The change would leave no administrator."""

    code = "last_administrator"
    message = marked("{username} is the last administrator.")
    remedy = marked("Give another account the administrator role first.")


class ForbiddenError(CenterError):
    """The user is logged in and lacks the permission."""

    code = "forbidden"
    message = marked("This account does not have the permission {permission}.")
    remedy = marked("Ask an administrator for a role that includes it.")


class SecondFactorNeededError(CenterError):
    """The password is right; the account also asks for a one-time code."""

    code = "second_factor_needed"
    message = marked("This account also requires a one-time code.")
    remedy = marked("Enter the code from your authenticator app, or a recovery code.")


class SecondFactorOnError(CenterError):
    """The account has a second factor already."""

    code = "second_factor_on"
    message = marked("Two-factor authentication is already enabled for this account.")
    remedy = marked("Disable it before you set it up again.")


class WrongCodeError(CenterError):
    """The text is no current one-time code, or a code that was used already."""

    code = "wrong_code"
    message = marked("The one-time code is wrong or has already been used.")
    remedy = marked("Wait for the next code, and check that the clock of your phone is correct.")


class SecondFactorKeyError(CenterError):
    """The file with the key of all second factors cannot be used."""

    code = "second_factor_key"
    message = marked("The key file of two-factor authentication cannot be used: {cause}.")
    remedy = marked("Restore the key file that belongs to this database, readable by the centre's user only.")


class UnknownTokenError(CenterError):
    """The account has no token of that id."""

    code = "unknown_token"
    message = marked("Token {token_id} does not exist.")
    remedy = marked("Check the list of tokens.")


class TooManyTokensError(CenterError):
    """The account has as many tokens as it may have."""

    code = "too_many_tokens"
    message = marked("This account already has {limit} tokens, the maximum.")
    remedy = marked("Revoke a token that is no longer used.")


class TokenTooLongError(CenterError):
    """The token would live longer than tokens of this centre may."""

    code = "token_too_long"
    message = marked("A token is valid for at most {limit} days.")
    remedy = marked("Choose fewer days, and create the next token before this one expires.")


class StaleLoginError(CenterError):
    """The account has no password here to ask for, and its log-in by the provider is too long ago to stand for one."""

    code = "stale_login"
    message = marked(
        "This account has no local password, and its log-in through the identity provider was "
        "more than {minutes} minutes ago."
    )
    remedy = marked("Log out, log in through the identity provider, and try again.")


class BadScopeError(CenterError):
    """No token may have these scopes."""

    code = "bad_scope"
    message = marked("This account cannot create a token with the scope {scope}.")
    remedy = marked("Choose permissions that the account itself has, except those over its own account.")


class UnknownDistrictError(CenterError):
    """No district has that id."""

    code = "unknown_district"
    message = marked("District {district_id} does not exist.")
    remedy = marked("Check the list of districts.")


class DistrictTakenError(CenterError):
    """A district of that id exists."""

    code = "district_taken"
    message = marked("District {district_id} already exists.")
    remedy = marked("Choose another ID.")


class DistrictNamedError(CenterError):
    """A district of that name exists."""

    code = "district_named"
    message = marked("A district named {name} already exists: {district_id}.")
    remedy = marked("Use that district, or choose another name.")


class DistrictAssessedError(CenterError):
    """The assessment uses the district's region code and outline."""

    code = "district_assessed"
    message = marked("District {district_id} is used by the assessment.")
    remedy = marked("Remove it from the assessment first: DELETE /api/assessment/districts?name={name}")


class DistrictInUseError(CenterError):
    """An account has a grant in the district."""

    code = "district_in_use"
    message = marked("Accounts still have a role in district {district_id}.")
    remedy = marked("Remove those roles first.")


class ProviderRefusedError(CenterError):
    """The identity provider's answer was refused. The text never shows a token or code."""

    code = "provider_refused"
    message = marked("Log-in through the identity provider was refused: {cause}.")
    remedy = marked(
        "Try again. If it still fails, ask an administrator whether this account is set up for the identity provider."
    )


class ProviderUnreachableError(CenterError):
    """The identity provider does not answer as OpenID Connect asks."""

    code = "provider_unreachable"
    message = marked("The identity provider {issuer} is unavailable: {cause}.")
    remedy = marked(
        "Check [oidc] in the configuration and that the provider is reachable. Local accounts can still log in."
    )
