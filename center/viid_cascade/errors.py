"""Errors of the cascade by GA/T 1400: troubles of one superior, for health and the pipeline page."""

from center.errors import CenterError, marked


class SuperiorError(CenterError):
    """Base: a superior that takes nothing now. What waits for it keeps waiting."""


class SuperiorAwayError(SuperiorError):
    """It gives no usable answer."""

    code = "superior_away"
    message = marked("Superior platform {superior} is unavailable: {cause}.")
    remedy = marked("Contact its operator. Pictures wait and are sent when it responds, until they expire.")


class SuperiorDeniesError(SuperiorError):
    """It does not accept the centre."""

    code = "superior_denies"
    message = marked("Superior platform {superior} does not accept this centre: {cause}.")
    remedy = marked("Compare device_id, username and password_file with what its operator has registered.")


class SuperiorLoopError(SuperiorError):
    """It is this system itself, or not the superior that is configured."""

    code = "superior_loop"
    message = marked("Superior platform {superior} is not used: {cause}.")
    remedy = marked("Correct url, superior_id and device_id in [[viid_cascade]], then restart the centre.")
