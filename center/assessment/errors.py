"""Errors of the assessment, with messages that the console translates."""

from center.errors import CenterError, marked


class BadPeriodError(CenterError):
    """The text names neither a month, a day nor an hour."""

    code = "bad_period"
    message = marked("{period} is no period.")
    remedy = marked("Write a month, a day or an hour: 2026-11, 2026-11-05, 2026-11-05T13.")


class BadCursorError(CenterError):
    """The page mark is not one that this list gave."""

    code = "bad_cursor"
    message = marked("The page mark is not one of this list.")
    remedy = marked("Start again from the first page.")


class RegisterRefusedError(CenterError):
    """A register with faults; nothing of it was taken."""

    code = "register_refused"
    message = marked("The register was not taken: {faults}.")
    remedy = marked("Correct these lines and send the file again, as CSV UTF-8.")


class DistrictRefusedError(CenterError):
    """The outline encloses no area, or crosses itself."""

    code = "district_refused"
    message = marked("The outline of district {district} cannot be used: {fault}.")
    remedy = marked("Draw it once around, in degrees of WGS 84, longitude first.")


class UnknownAssessedDistrictError(CenterError):
    """The assessment has no district of that name."""

    code = "unknown_district"
    message = marked("There is no district {district}.")
    remedy = marked("Check the spelling, or enter the district first.")


class WindowRefusedError(CenterError):
    """Maintenance that cannot be entered or changed like this."""

    code = "window_refused"
    message = marked("The maintenance was not entered: {fault}.")
    remedy = marked("Give its beginning before its end, and a scope that exists; an end can only be moved earlier.")


class UnknownWindowError(CenterError):
    """No maintenance of that number, or withdrawn."""

    code = "unknown_window"
    message = marked("There is no maintenance number {number} in force.")
    remedy = marked("Look at the list; one that was withdrawn has to be entered anew.")


class MonthOpenError(CenterError):
    """A correction of a month that is not published."""

    code = "month_open"
    message = marked("{period} is not a closed month, so there is nothing to correct.")
    remedy = marked("Change what it goes by; a month closes four days after its end.")


class UnknownVersionError(CenterError):
    """No such version of a closed month."""

    code = "unknown_month_version"
    message = marked("{period} has no version {version}.")
    remedy = marked("List the versions of the month; one that is not closed has none.")
