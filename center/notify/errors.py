"""Errors of notification, for the person who must act."""

from center.errors import CenterError, marked


class UnknownChannelError(CenterError):
    """No channel of that id is configured."""

    code = "unknown_channel"
    message = marked("Notification channel {channel} does not exist.")
    remedy = marked("Use a channel from the list, or add it under [notify] and restart the centre.")


class UnknownRecipientError(CenterError):
    """The recipient is not on the white list of the channel."""

    code = "unknown_recipient"
    message = marked("Channel {channel} has no recipient {recipient}.")
    remedy = marked("Use a channel from the list, or add it under [notify] and restart the centre.")


class OutboxFullError(CenterError):
    """As many messages wait as may; the newest is refused."""

    code = "outbox_full"
    message = marked("{waiting} messages are already queued for channel {channel}.")
    remedy = marked("See the channel list for the cause. Expired messages are removed automatically.")


class ReportRefusedError(CenterError):
    """A delivery report from a sender that cannot be the gateway. The answer does not say which part was wrong."""

    code = "report_refused"
    message = marked("Reports from your address are not accepted.")
    remedy = marked(
        "Compare report_sources and report_secret_file of the channel with the data registered with the carrier."
    )


class TrialFailedError(CenterError):
    """A test message that was not taken. Shown on the command line only, and so in English."""

    code = "not_sent"
    message = "The test message of channel {channel} is {state} ({cause})."
    remedy = "{what_to_do}."
