"""Errors of rules and alarms, with messages that the console translates."""

from center.errors import CenterError, marked


class UnknownRuleError(CenterError):
    """The rule, or this version of it, does not exist."""

    code = "unknown_rule"
    message = marked("Rule {rule_id} has no version {version}.")
    remedy = marked("Use a number from the list of rules.")


class RuleChangedError(CenterError):
    """Another user wrote a version in between, or the rule was retired."""

    code = "rule_changed"
    message = marked("Rule {rule_id} is at version {newest}, not {version}, or has been retired.")
    remedy = marked("Reload the rule and repeat your change on the current version.")


class NoPreviewError(CenterError):
    """A version without a preview may not be switched on."""

    code = "no_preview"
    message = marked("Version {version} of rule {rule_id} has not been previewed.")
    remedy = marked("Preview it on the last 24 hours first and check the matches.")


class BlankPreviewError(CenterError):
    """A version whose preview had no rows is switched on only if the user says that it is unseen."""

    code = "blank_preview"
    message = marked("The preview of rule {rule_id} checked no pictures: nothing was archived in that period.")
    remedy = marked(
        "Preview it again once pictures have been archived, or confirm that you want to enable it without a result."
    )


class TooBroadError(CenterError):
    """The rule matches more than the allowed share of the pictures in its preview."""

    code = "rule_too_broad"
    message = marked("Rule {rule_id} is too broad: it matches {matched} of {rows} pictures of the last 24 hours.")
    remedy = marked("Narrow it (cameras, zone, classes, hours) until it matches at most {percent} % of the pictures.")


class SecondAccountError(CenterError):
    """A district of the rule's cameras wants another account than the author's to switch a version on."""

    code = "rule_second_account"
    message = marked("Version {version} of rule {rule_id} cannot be enabled by {author}, who wrote it.")
    remedy = marked("Ask another supervisor to check its preview and enable it: a district of its cameras requires it.")


class MissingCamerasError(CenterError):
    """A file refers to cameras that the centre does not know, or that the caller does not see."""

    code = "missing_cameras"
    message = marked("The file refers to cameras that are not there: {cameras}.")
    remedy = marked("Enter cameras of your own in the file, or open it in the form of a new rule and choose them.")


class RuleFileError(CenterError):
    """The file is not that of a rule."""

    code = "rule_file"
    message = marked("The file is not a rule: {cause}.")
    remedy = marked("Choose a file that was exported from a rule.")


class UnknownTacticError(CenterError):
    """The tactic does not exist, or its district is not the caller's."""

    code = "unknown_tactic"
    message = marked("Tactic {tactic_id} does not exist.")
    remedy = marked("Use a number from the list of tactics.")


class TacticNamedError(CenterError):
    """A tactic of the district has this name."""

    code = "tactic_named"
    message = marked("District {district_id} already has a tactic named {name}.")
    remedy = marked("Enter another name, or remove the other tactic first.")


class TooManyTacticsError(CenterError):
    """The number of tactics of a district is bounded."""

    code = "too_many_tactics"
    message = marked("The maximum of {limit} tactics in a district is reached.")
    remedy = marked("Remove a tactic that is no longer needed.")


class BeyondDistrictError(CenterError):
    """A tactic refers to cameras that its district does not have."""

    code = "tactic_beyond_district"
    message = marked("The rule has cameras outside district {district_id}: {cameras}.")
    remedy = marked("Share it in the district of its cameras.")


class OwnRuleError(CenterError):
    """The rule of standing look-alikes is created by the cases, once."""

    code = "own_rule"
    message = marked("A rule for similar vehicles cannot be created here: each case has its own.")
    remedy = marked("Enable alarms for new pictures in the case and have it approved.")


class BeyondSightError(CenterError):
    """The rule covers cameras that its author does not see, or all cameras."""

    code = "rule_beyond_sight"
    message = marked("This rule includes cameras that this account cannot see.")
    remedy = marked("Choose cameras of your own district only.")


class TooManyRulesError(CenterError):
    """The number of rules is bounded."""

    code = "too_many_rules"
    message = marked("The maximum of {limit} rules is reached.")
    remedy = marked("Retire a rule that is no longer needed.")


class UnknownAlarmError(CenterError):
    """The alarm does not exist, or is not in sight."""

    code = "unknown_alarm"
    message = marked("Alarm {alarm_id} does not exist.")
    remedy = marked("Use a number from the list of alarms.")


class AlarmStateError(CenterError):
    """The alarm's state does not allow this event."""

    code = "alarm_state"
    message = marked("The state of this alarm does not allow the action.")
    remedy = marked("Reload the alarm: another user may have handled it.")


class TooManyStreamsError(CenterError):
    """The number of open streams is bounded."""

    code = "too_many_streams"
    message = marked("The maximum of {limit} pages with live alarms is reached.")
    remedy = marked("Close some of them and try again.")
