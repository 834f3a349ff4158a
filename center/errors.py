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
    message = marked("The centre's database cannot be used: {cause}.")
    remedy = marked(
        "Check the free space and the rights of its data folder, or that the server of database_url answers."
    )


class RowRefusedError(StoreUnavailableError):
    """The database works and refuses the statement: a repetition would be refused again."""


class NotLoggedInError(CenterError):
    """The request has no session, or one that has ended."""

    code = "not_logged_in"
    message = marked("Nobody is logged in.")
    remedy = marked("Log in and try again.")


class BadCredentialsError(CenterError):
    """Unknown user or wrong password: the answer does not tell which."""

    code = "bad_credentials"
    message = marked("User name or password is wrong.")
    remedy = marked("Check both; after several failures the account waits for a while.")


class LockedOutError(CenterError):
    """Too many failures of one account or from one address."""

    code = "locked_out"
    message = marked("Too many failed attempts.")
    remedy = marked("Wait {retry_after_s} seconds and try again.")

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(retry_after_s=retry_after_s)
        self.retry_after_s = retry_after_s


class SetupDoneError(CenterError):
    """The administrator exists already."""

    code = "setup_done"
    message = marked("This centre is set up already.")
    remedy = marked("Log in, or reset a password with: wayside-center user reset-password NAME")


class WrongSetupCodeError(CenterError):
    """The code is not that of the set-up file."""

    code = "wrong_setup_code"
    message = marked("The set-up code is wrong.")
    remedy = marked("Copy it from the file whose path the centre printed when it started.")


class BadUsernameError(CenterError):
    """The policy refuses the user name."""

    code = "bad_username"
    message = marked("This user name cannot be used.")
    remedy = marked(
        "Use 1 to 64 letters, digits, dots, dashes, underscores; begin with a letter or digit; “provisioning” is taken."
    )


class WeakPasswordError(CenterError):
    """The policy refuses the password."""

    code = "weak_password"
    message = marked("This password is too easy to guess.")
    remedy = marked(
        "Use 12 to 256 characters, without the user name in them; a short sentence is easy to keep in mind."
    )


class UnknownUserError(CenterError):
    """No account of that name."""

    code = "unknown_user"
    message = marked("There is no user {username}.")
    remedy = marked("Check the spelling.")


class TooManyCamerasError(CenterError):
    """The request names more cameras than one query to the archive can."""

    code = "too_many_cameras"
    message = marked("The cameras that this account sees are too many for one search.")
    remedy = marked("Name the cameras to search, or ask for a role in all districts.")


class NothingHereError(CenterError):
    """No route has this address. For programs; pages have their own texts."""

    code = "not_found"
    message = marked("There is nothing at this address.")
    remedy = marked("Check its spelling.")


class AuditFileError(CenterError):
    """The file is not an exported audit. Shown on the command line only, and so in English."""

    code = "audit_file"
    message = "Line {line} is not of an exported audit: {cause}."
    remedy = "Give a file that wayside-center audit export wrote."


class ForeignOriginError(CenterError):
    """Another site's page sent a request that changes state."""

    code = "foreign_origin"
    message = marked("The request came from another site.")
    remedy = marked("Open the console by its own address and try again.")


class TooLargeError(CenterError):
    """A request body over the limit."""

    code = "too_large"
    message = marked("The request is larger than {limit} bytes.")
    remedy = marked("Send less.")


class BadFilterError(CenterError):
    """Filters that contradict each other."""

    code = "bad_filter"
    message = marked("The time span ends before it begins.")
    remedy = marked("Exchange its two ends.")


class BadAreaError(CenterError):
    """The area is not a polygon."""

    code = "bad_area"
    message = marked("The area is not a polygon on the map.")
    remedy = marked("Give it 3 to {most} corners, each longitude,latitude in degrees.")


class AreaCrossesError(CenterError):
    """The polygon crosses itself, so that its inside is undefined."""

    code = "area_crosses"
    message = marked("The outline of the area crosses or touches itself.")
    remedy = marked("Draw it again, corner by corner around the area, without crossing a side.")


class BadBinsError(CenterError):
    """The histogram is finer than one answer has room for."""

    code = "bad_bins"
    message = marked("The time span has more than {most} bins.")
    remedy = marked("Ask for a shorter span or longer bins.")


class UnknownSavedSearchError(CenterError):
    """The account has no saved search of that number, and none is shared with it."""

    code = "unknown_saved_search"
    message = marked("There is no such saved search of yours.")
    remedy = marked("Somebody may have deleted it; look at the list again.")


class TooManySavedError(CenterError):
    """The account has as many saved searches as it may have."""

    code = "too_many_saved"
    message = marked("This account has {most} saved searches already.")
    remedy = marked("Delete one that nobody needs.")


class ForeignCamerasError(CenterError):
    """A search is shared in a district and names cameras of another."""

    code = "foreign_cameras"
    message = marked("The search names cameras that are not in district {district_id}.")
    remedy = marked("Share it in the district of its cameras, or name none.")


class PurposeMissingError(CenterError):
    """An export needs a purpose, and none was given."""

    code = "purpose_missing"
    message = marked("Nobody said what the export is for.")
    remedy = marked("Give the purpose; it is kept in the audit with your name.")


class UnknownCameraError(CenterError):
    """No agent has reported this camera."""

    code = "unknown_camera"
    message = marked("No agent has reported camera {camera_id}.")
    remedy = marked("Check the id, and that its agent is running.")


class UnknownObservationError(CenterError):
    """The archive has no such observation, or no longer."""

    code = "unknown_observation"
    message = marked("The archive holds no observation {row_key}.")
    remedy = marked("It may have passed its retention; search again.")


class NoPictureError(CenterError):
    """The row exists and its picture does not."""

    code = "no_picture"
    message = marked("Observation {row_key} has no picture.")
    remedy = marked("It was withheld at the edge or removed; its facts are still shown.")


class UnknownMachineError(CenterError):
    """The observation has no machine of that index."""

    code = "unknown_machine"
    message = marked("Observation {row_key} has no machine number {index}.")
    remedy = marked("Use an index that the observation lists.")


class PictureBrokenError(CenterError):
    """The archive's picture is not the one that its row names."""

    code = "picture_broken"
    message = marked("The picture of {row_key} cannot be shown: {cause}.")
    remedy = marked("Check the archive's disk; other pictures are not affected.")


class QueryError(CenterError):
    """The archive gives no usable answer. Base; only its subclasses are raised."""


class QueryUnreachableError(QueryError):
    """No connection to `ray_cluster.query.reader` can be made."""

    code = "query_unreachable"
    message = marked("The archive does not answer at {url} ({cause}).")
    remedy = marked("Start the cluster with wayside-cluster run, or correct query_url.")


class IntakeStuckError(CenterError):
    """The cluster answers, and messages in its intake make no progress."""

    code = "intake_stuck"
    message = marked("The cluster takes pictures in no further: {cause}.")
    remedy = marked("Agents keep everything. Look at wayside-cluster status, and at the intake's log.")


class QueryTimeoutError(QueryError):
    """`query` took too long."""

    code = "query_timeout"
    message = marked("The archive at {url} gave no answer within {timeout_s} seconds.")
    remedy = marked("Ask for a shorter time span, and look at the cluster's load.")


class QueryDeniedError(QueryError):
    """`query` refused the bearer token."""

    code = "query_denied"
    message = marked("The archive at {url} refuses the centre's token.")
    remedy = marked("Give centre and cluster the same query_token_file and restart the centre.")


class QueryRefusedError(CenterError):
    """`query` refused the parameters, such as a cursor of another version."""

    code = "query_refused"
    message = marked("The archive refuses this query.")
    remedy = marked("Start again from the first page.")


class QueryFaultError(QueryError):
    """`query` sent an answer that is malformed."""

    code = "query_fault"
    message = marked("The archive at {url} answered wrongly: {cause}.")
    remedy = marked("Look at the cluster's log, and that centre and cluster are of the same version.")


class NotComparableError(CenterError):
    """The machine has no vector."""

    code = "not_comparable"
    message = marked("A machine of this search cannot be compared: too little of it is visible, or it is gone.")
    remedy = marked("Choose another picture of the machine.")
