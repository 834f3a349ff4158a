"""Errors of notification, for the person who must act."""

from center.errors import CenterError, marked


class UnknownChannelError(CenterError):
    """No channel of that id is configured."""

    code = "unknown_channel"
    message = marked("There is no notification channel {channel}.")
    remedy = marked("Use one that the channel list names, or add it under [notify] and restart the centre.")


class UnknownRecipientError(CenterError):
    """The recipient is not on the white list of the channel."""

    code = "unknown_recipient"
    message = marked("Channel {channel} has no recipient {recipient}.")
    remedy = marked("Use one that the channel list names, or add it under [notify] and restart the centre.")


class OutboxFullError(CenterError):
    """As many messages wait as may; the newest is refused."""

    code = "outbox_full"
    message = marked("{waiting} messages wait for channel {channel} already.")
    remedy = marked("See in the channel list why nothing is taken; messages that are too old leave by themselves.")


class ReportRefusedError(CenterError):
    """A delivery report from a sender that cannot be the gateway. The answer does not say which part was wrong."""

    code = "report_refused"
    message = marked("This address takes no report from you.")
    remedy = marked("Compare report_sources and report_secret_file of the channel with what the carrier was told.")


class TrialFailedError(CenterError):
    """A test message that was not taken. Shown on the command line only, and so in English."""

    code = "not_sent"
    message = "The test message of channel {channel} is {state} ({cause})."
    remedy = "{what_to_do}."
