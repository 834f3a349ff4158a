"""Errors of the monthly account of SMS, for the person who must act."""

from center.errors import CenterError, marked


class NoSmsChannelError(CenterError):
    """No SMS channel of that id is configured."""

    code = "no_sms_channel"
    message = marked("There is no SMS channel {channel}.")
    remedy = marked("Use the id of a channel under [[notify.sms]].")


class StatementUnsetError(CenterError):
    """The configuration does not name the columns of the carrier's file."""

    code = "statement_unset"
    message = marked("Channel {channel} has no columns of a carrier's file.")
    remedy = marked("Name them under statement of the channel, and restart the centre.")


class StatementFileError(CenterError):
    """The file is no table, or too large a one."""

    code = "statement_file"
    message = marked("The carrier's file was not read: {cause}.")
    remedy = marked("Save it as XLSX or as CSV UTF-8, without a password, and upload it again.")


class StatementHeadingsError(CenterError):
    """No line of the file has all headings, or one stands in it twice."""

    code = "statement_headings"
    message = marked("None of the first {lines} lines of the file has each of these headings once: {headings}.")
    remedy = marked("Correct statement of the channel, or the file, and upload it again.")


class StatementDayError(CenterError):
    """Lines whose day is none of the month. Numbers of lines count from 1, in the file."""

    code = "statement_day"
    message = marked("No day of {month} stands under {heading} in these lines: {lines}.")
    remedy = marked("Choose the month of the file, or correct these lines, and upload it again. Nothing was taken.")


class StatementPartsError(CenterError):
    """Lines whose parts are no count."""

    code = "statement_parts"
    message = marked("No whole number from 0 stands under {heading} in these lines: {lines}.")
    remedy = marked("Correct these lines, or statement of the channel, and upload it again. Nothing was taken.")


class StatementTotalError(CenterError):
    """A line of totals does not agree with the other lines."""

    code = "statement_total"
    message = marked("Line {line} states {stated} parts, and the lines of the file have {counted}.")
    remedy = marked("The file is not whole, or its total is wrong: ask the carrier. Nothing was taken.")


class ComplaintAheadError(CenterError):
    """A complaint that was made after now."""

    code = "complaint_ahead"
    message = marked("A complaint cannot have been made after now, {now}.")
    remedy = marked("Correct its time; if it is right, the clock of the centre is wrong.")


class ComplaintReferenceError(CenterError):
    """A carrier's number of a complaint that cannot be kept."""

    code = "complaint_reference"
    message = marked("The carrier's number of the complaint was not taken.")
    remedy = marked("Use up to 40 letters, digits and dashes. A mobile or identity number is no number of a complaint.")


class ComplaintTakenError(CenterError):
    """A complaint under the same number of the carrier's."""

    code = "complaint_taken"
    message = marked("Complaint {reference} of this channel is entered already.")
    remedy = marked("Compare it with the ledger; another complaint has another number.")


class NotSuspendedError(CenterError):
    """The channel is not suspended."""

    code = "not_suspended"
    message = marked("Channel {channel} is not suspended.")
    remedy = marked("Load the page again: another user may have lifted the suspension.")


class LiftReasonError(CenterError):
    """A reason for the end of a suspension that cannot be kept."""

    code = "lift_reason"
    message = marked("The reason for lifting the suspension was not taken.")
    remedy = marked(
        "Write 1 to 200 characters: what was found and what was changed. No number plate, mobile or identity number."
    )
