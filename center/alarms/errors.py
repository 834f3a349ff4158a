"""Errors of rules and alarms, with messages that the console translates."""

from center.errors import CenterError, marked


class UnknownRuleError(CenterError):
    """The rule, or this version of it, does not exist."""

    code = "unknown_rule"
    message = marked("There is no rule {rule_id} with a version {version}.")
    remedy = marked("List the rules and use a number that stands there.")


class RuleChangedError(CenterError):
    """Another user wrote a version in between, or the rule was retired."""

    code = "rule_changed"
    message = marked("Rule {rule_id} is at version {newest}, not {version}, or was retired.")
    remedy = marked("Read it again and repeat your change on what it is now.")


class NoPreviewError(CenterError):
    """A version without a preview may not be switched on."""

    code = "no_preview"
    message = marked("Version {version} of rule {rule_id} has not been previewed.")
    remedy = marked("Preview it on the last 24 hours first, and look at what it finds.")


class BlankPreviewError(CenterError):
    """A version whose preview had no rows is switched on only if the user says that it is unseen."""

    code = "blank_preview"
    message = marked(
        "The preview of rule {rule_id} looked at no picture: nothing was archived then, so it shows nothing."
    )
    remedy = marked("Preview it again once pictures are archived, or say that it is to be switched on unseen.")


class TooBroadError(CenterError):
    """The rule matches more than the allowed share of the pictures in its preview."""

    code = "rule_too_broad"
    message = marked("Rule {rule_id} matches everything: {matched} of {rows} pictures of the last 24 hours.")
    remedy = marked("Make it narrower (cameras, zone, classes, hours) until it matches at most {percent} % of them.")


class OwnRuleError(CenterError):
    """The rule of standing look-alikes is created by the cases, once."""

    code = "own_rule"
    message = marked("A rule for standing look-alikes is not written: cases have one of their own.")
    remedy = marked("Say in a case that fresh pictures raise an alarm, and have it approved.")


class BeyondSightError(CenterError):
    """The rule covers cameras that its author does not see, or all cameras."""

    code = "rule_beyond_sight"
    message = marked("This rule looks at cameras that the account does not see.")
    remedy = marked("Name cameras of your district in it, and no others.")


class TooManyRulesError(CenterError):
    """The number of rules is bounded."""

    code = "too_many_rules"
    message = marked("There are {limit} rules already.")
    remedy = marked("Retire one that nobody needs any more.")


class UnknownAlarmError(CenterError):
    """The alarm does not exist, or is not in sight."""

    code = "unknown_alarm"
    message = marked("There is no alarm {alarm_id}.")
    remedy = marked("List the alarms and use a number that stands there.")


class AlarmStateError(CenterError):
    """The alarm's state does not allow this event."""

    code = "alarm_state"
    message = marked("An alarm that is {state} cannot be {event}.")
    remedy = marked("Look at it again: somebody else may have acted on it.")


class TooManyStreamsError(CenterError):
    """The number of open streams is bounded."""

    code = "too_many_streams"
    message = marked("{limit} pages listen to alarms already.")
    remedy = marked("Close some of them and try again.")
