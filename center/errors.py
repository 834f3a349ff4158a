"""Errors of the centre. Each says what happened, where and what to do, in texts that the console can translate.

`message` and `remedy` are templates marked for extraction with `marked`; `facts` fills them in any language. No fact is
ever a secret: neither password, token, set-up code nor the content of a file.
"""

from typing import ClassVar


def marked(text: str) -> str:
    """Marks `text` for translation without translating it yet; message extraction looks for this name."""
    return text


class CenterError(Exception):
    """Base of the errors of the centre; only its subclasses are raised.

    Attributes:
        code: stable word for programs.
        facts: values for the templates.
    """

    code: ClassVar[str]
    message: ClassVar[str]
    remedy: ClassVar[str]

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(f"{self.message.format(**facts)} {self.remedy.format(**facts)}")

    def text(self) -> str:
        """The message in English."""
        return self.message.format(**self.facts)

    def advice(self) -> str:
        """The remedy in English."""
        return self.remedy.format(**self.facts)


class StartError(CenterError):
    """The process cannot start as it is configured. Shown on the command line only, and so in English."""

    code = "cannot_start"
    message = "The centre cannot start: {what}."
    remedy = "{what_to_do}."


class RosterRefusedError(CenterError):
    """A roster was refused. Shown in the health details only, and so in English."""

    code = "roster_refused"
    message = "A roster was refused: {cause}."
    remedy = "{what_to_do}."


class StoreUnavailableError(CenterError):
    """The database of users, devices and audit does not work."""

    code = "store_unavailable"
    message = marked("The database of the centre is unavailable: {cause}.")
    remedy = marked(
        "Check the free space and permissions of its data folder, or that the server of database_url is reachable."
    )


class RowRefusedError(StoreUnavailableError):
    """The database works and refuses the statement: a repetition would be refused again."""


class NotLoggedInError(CenterError):
    """The request has no session, or one that has ended."""

    code = "not_logged_in"
    message = marked("You are not logged in.")
    remedy = marked("Log in and try again.")


class BadCredentialsError(CenterError):
    """Unknown user or wrong password: the answer does not tell which."""

    code = "bad_credentials"
    message = marked("Wrong user name or password.")
    remedy = marked("Check both. After several failures the account is locked for a short time.")


class LockedOutError(CenterError):
    """Too many failures of one account or from one address."""

    code = "locked_out"
    message = marked("Too many failed attempts.")
    remedy = marked("Wait {retry_after_s} seconds, then try again.")

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class SetupDoneError(CenterError):
    """The administrator exists already."""

    code = "setup_done"
    message = marked("This centre is already set up.")
    remedy = marked("Log in, or reset a password with: wayside-center user reset-password NAME")


class WrongSetupCodeError(CenterError):
    """The code is not that of the set-up file."""

    code = "wrong_setup_code"
    message = marked("Wrong set-up code.")
    remedy = marked("Copy it from the file whose path the centre printed at start-up.")


class BadUsernameError(CenterError):
    """The policy refuses the user name."""

    code = "bad_username"
    message = marked("This user name is not allowed.")
    remedy = marked(
        "Use 1 to 64 letters, digits, dots, dashes or underscores, starting with a letter or "
        "digit. “provisioning” is reserved."
    )


class WeakPasswordError(CenterError):
    """The policy refuses the password."""

    code = "weak_password"
    message = marked("This password is too easy to guess.")
    remedy = marked("Use 12 to 256 characters, without the user name. A short sentence is easy to remember.")


class UnknownUserError(CenterError):
    """No account of that name."""

    code = "unknown_user"
    message = marked("User {username} does not exist.")
    remedy = marked("Check the spelling.")


class TooManyCamerasError(CenterError):
    """The request names more cameras than one query to the archive can."""

    code = "too_many_cameras"
    message = marked("This account can see too many cameras for one search.")
    remedy = marked("Choose the cameras to search, or ask for a role in all districts.")


class NothingHereError(CenterError):
    """No route has this address. For programs; pages have their own texts."""

    code = "not_found"
    message = marked("Page not found")
    remedy = marked("Check the address.")


class AuditFileError(CenterError):
    """The file is not an exported audit. Shown on the command line only, and so in English."""

    code = "audit_file"
    message = "Line {line} is not of an exported audit: {cause}."
    remedy = "Give a file that wayside-center audit export wrote."


class ForeignOriginError(CenterError):
    """Another site's page sent a request that changes state."""

    code = "foreign_origin"
    message = marked("The request came from another site.")
    remedy = marked("Open the console at its own address and try again.")


class TooLargeError(CenterError):
    """A request body over the limit."""

    code = "too_large"
    message = marked("The request is larger than {limit} bytes.")
    remedy = marked("Reduce the size of the request.")


class BadFilterError(CenterError):
    """Filters that contradict each other."""

    code = "bad_filter"
    message = marked("The time range ends before it starts.")
    remedy = marked("Swap start and end.")


class BadAreaError(CenterError):
    """The area is not a polygon."""

    code = "bad_area"
    message = marked("The area is not a polygon on the map.")
    remedy = marked("Enter 3 to {most} corners, each longitude,latitude in degrees.")


class AreaCrossesError(CenterError):
    """The polygon crosses itself, so that its inside is undefined."""

    code = "area_crosses"
    message = marked("The outline of the area crosses or touches itself.")
    remedy = marked("Draw it again corner by corner, without crossing sides.")


class BadBinsError(CenterError):
    """The histogram is finer than one answer has room for."""

    code = "bad_bins"
    message = marked("The time range has more than {most} intervals.")
    remedy = marked("Choose a shorter time range or longer intervals.")


class UnknownSavedSearchError(CenterError):
    """The account has no saved search of that number, and none is shared with it."""

    code = "unknown_saved_search"
    message = marked("You have no such saved search.")
    remedy = marked("It may have been deleted. Reload the list.")


class TooManySavedError(CenterError):
    """The account has as many saved searches as it may have."""

    code = "too_many_saved"
    message = marked("This account already has {most} saved searches, the maximum.")
    remedy = marked("Delete one that is no longer needed.")


class ForeignCamerasError(CenterError):
    """A search is shared in a district and names cameras of another."""

    code = "foreign_cameras"
    message = marked("The search names cameras that are not in district {district_id}.")
    remedy = marked("Share it in the district of its cameras, or remove the cameras.")


class PurposeMissingError(CenterError):
    """An export needs a purpose, and none was given."""

    code = "purpose_missing"
    message = marked("No purpose was given for the export.")
    remedy = marked("Enter the purpose. It is recorded in the audit log with your name.")


class UnknownCameraError(CenterError):
    """No agent has reported this camera."""

    code = "unknown_camera"
    message = marked("Camera {camera_id} has not been reported by any agent.")
    remedy = marked("Check the ID, and that its agent is running.")


class UnknownObservationError(CenterError):
    """The archive has no such observation, or no longer."""

    code = "unknown_observation"
    message = marked("Observation {row_key} is not in the archive.")
    remedy = marked("Its retention may have expired. Search again.")


class NoPictureError(CenterError):
    """The row exists and its picture does not."""

    code = "no_picture"
    message = marked("Observation {row_key} has no picture.")
    remedy = marked("It was withheld by the agent or removed. The other data is still available.")


class UnknownMachineError(CenterError):
    """The observation has no machine of that index."""

    code = "unknown_machine"
    message = marked("Observation {row_key} has no vehicle number {index}.")
    remedy = marked("Use a number listed for the observation.")


class PictureBrokenError(CenterError):
    """The archive's picture is not the one that its row names."""

    code = "picture_broken"
    message = marked("The picture of {row_key} cannot be shown: {cause}.")
    remedy = marked("Check the disk of the archive. Other pictures are not affected.")


class QueryError(CenterError):
    """The archive gives no usable answer. Base; only its subclasses are raised."""


class QueryUnreachableError(QueryError):
    """No connection to `ray_cluster.query.reader` can be made."""

    code = "query_unreachable"
    message = marked("The archive at {url} is not responding ({cause}).")
    remedy = marked(
        "After a start, wait a minute. Otherwise start the cluster with wayside-cluster run, or correct query_url."
    )


class IntakeStuckError(CenterError):
    """The cluster answers, and messages in its intake make no progress."""

    code = "intake_stuck"
    message = marked("The cluster has stopped accepting pictures: {cause}.")
    remedy = marked("Agents keep all pictures. Check wayside-cluster status and the log of the intake.")


class QueryTimeoutError(QueryError):
    """`query` took too long."""

    code = "query_timeout"
    message = marked("The archive at {url} did not respond within {timeout_s} seconds.")
    remedy = marked("Choose a shorter time range, and check the load of the cluster.")


class QueryBusyError(QueryError):
    """`query` refused the request: too many with about its cost wait."""

    code = "query_busy"
    message = marked("The archive is busy: too many queries are waiting.")
    remedy = marked("Try again in {retry_after_s} seconds. A shorter time range is answered sooner.")

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class QueryDeniedError(QueryError):
    """`query` refused the bearer token."""

    code = "query_denied"
    message = marked("The archive at {url} rejects the token of the centre.")
    remedy = marked("Use the same query_token_file for centre and cluster, and restart the centre.")


class QueryRefusedError(CenterError):
    """`query` refused the parameters, such as a cursor of another version."""

    code = "query_refused"
    message = marked("The archive rejected this query.")
    remedy = marked("Start again from the first page.")


class QueryFaultError(QueryError):
    """`query` sent an answer that is malformed."""

    code = "query_fault"
    message = marked("The archive at {url} sent an invalid response: {cause}.")
    remedy = marked("Check the log of the cluster, and that centre and cluster have the same version.")


class NotComparableError(CenterError):
    """The machine has no vector."""

    code = "not_comparable"
    message = marked(
        "A vehicle of this search cannot be compared: too little of it is visible, or it is no longer in the archive."
    )
    remedy = marked("Choose another picture of the vehicle.")
