"""Errors of the month's feed."""

from center.errors import CenterError, marked


class FeedFailedError(CenterError):
    """The receiver did not take a document; the next turn tries again."""

    code = "feed_failed"
    message = marked("The assessment of {month} was not delivered to {target}: {cause}.")
    remedy = marked("Check [assessment_feed] and the receiver. It is tried again every ten minutes.")


class FeedMonthOpenError(CenterError):
    """The month is not closed: there is nothing to deliver. Shown on the command line only, and so in English."""

    code = "feed_month_open"
    message = "{month} is not a closed month with cameras in service."
    remedy = "A month closes four days after its end; see: wayside-center assess --month {month}."
