"""Errors of the assessment, with messages that the console translates."""

from center.errors import CenterError, marked


class BadPeriodError(CenterError):
    """The text names neither a month, a day nor an hour."""

    code = "bad_period"
    message = marked("{period} is not a valid period.")
    remedy = marked("Enter a month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.")


class BadCursorError(CenterError):
    """The page mark is not one that this list gave."""

    code = "bad_cursor"
    message = marked("The page marker does not belong to this list.")
    remedy = marked("Start again from the first page.")


class RegisterRefusedError(CenterError):
    """A register with faults; nothing of it was taken."""

    code = "register_refused"
    message = marked("The register was not imported: {faults}.")
    remedy = marked("Correct these lines and upload the file again as CSV UTF-8.")


class DistrictRefusedError(CenterError):
    """The outline encloses no area, or crosses itself."""

    code = "district_refused"
    message = marked("The outline of district {district} is not valid: {fault}.")
    remedy = marked("Draw it once around the district, in WGS 84 degrees, longitude first.")


class UnknownAssessedDistrictError(CenterError):
    """The assessment has no district of that name."""

    code = "unknown_district"
    message = marked("District {district} does not exist.")
    remedy = marked("Check the spelling, or create the district first.")


class WindowRefusedError(CenterError):
    """Maintenance that cannot be entered or changed like this."""

    code = "window_refused"
    message = marked("The maintenance window was not saved: {fault}.")
    remedy = marked("The start must be before the end, and the scope must exist. The end can only be moved earlier.")


class UnknownWindowError(CenterError):
    """No maintenance of that number, or withdrawn."""

    code = "unknown_window"
    message = marked("Maintenance window {number} is not active.")
    remedy = marked("Check the list. A withdrawn maintenance window has to be entered again.")


class MonthOpenError(CenterError):
    """A correction of a month that is not published."""

    code = "month_open"
    message = marked("{period} is not a closed month: there is nothing to correct.")
    remedy = marked("Change the settings it is based on instead; a month closes four days after its end.")


class UnknownVersionError(CenterError):
    """No such version of a closed month."""

    code = "unknown_month_version"
    message = marked("{period} has no version {version}.")
    remedy = marked("Check the list of versions; a month that is not closed has none.")
