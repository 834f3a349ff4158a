"""Errors of cases, with messages that the console translates."""

from center.errors import CenterError, marked


class UnknownCaseError(CenterError):
    """No such case, or none that the caller may see."""

    code = "unknown_case"
    message = marked("Case {number} does not exist.")
    remedy = marked("Check the number, and that your account has a role for the case.")


class CaseTakenError(CenterError):
    """Another case has this number."""

    code = "case_taken"
    message = marked("Case {number} already exists.")
    remedy = marked("Open that case, or enter another number.")


class CaseStateError(CenterError):
    """The case's state does not allow the act."""

    code = "case_state"
    message = marked("The state of this case does not allow the action.")
    remedy = marked("Reload the page: another user may have changed the case, or it has expired.")


class CaseChangedError(CenterError):
    """Another user wrote the case in between."""

    code = "case_changed"
    message = marked("Case {number} has been changed in the meantime: it is at version {newest}, not {version}.")
    remedy = marked("Reload the page and check the current version first.")


class SecondPersonError(CenterError):
    """The author, owner or requester of a case may not approve it."""

    code = "second_person"
    message = marked("A case cannot be approved by its author, its owner or the person who requested the approval.")
    remedy = marked("Ask another supervisor to approve it.")


class CaseNotApprovedError(CenterError):
    """The archive may be searched in approved cases alone."""

    code = "case_not_approved"
    message = marked("Case {number} is not approved or has expired.")
    remedy = marked("Ask a supervisor to approve it. An expired case has to be revised and requested again.")


class CaseTermsError(CenterError):
    """Terms that no case may have."""

    code = "case_terms"
    message = marked("The case cannot be saved: {cause}.")
    remedy = marked("Change it and try again.")


class AreaOutOfSightError(CenterError):
    """The area has cameras that the user may not see, or none."""

    code = "area_out_of_sight"
    message = marked("The case includes cameras that this account cannot see, or no camera at all.")
    remedy = marked("Choose districts and cameras that you can see, or ask a colleague who can see all of them.")


class NothingSoughtError(CenterError):
    """The case has no machine to compare with."""

    code = "nothing_sought"
    message = marked("Case {number} has no picture of the wanted vehicle yet.")
    remedy = marked("Add a vehicle from an observation, or import a picture through the desk agent.")


class UnknownCaseMachineError(CenterError):
    """The machine is not one of this case."""

    code = "unknown_case_machine"
    message = marked("Vehicle {index} of observation {row_key} does not belong to this case.")
    remedy = marked("Reload the page: another search may have replaced the candidates.")


class DeskMissingError(CenterError):
    """No desk agent is configured."""

    code = "desk_missing"
    message = marked("No desk agent is configured: pictures cannot be imported.")
    remedy = marked("Set desk in [cases] of the centre's configuration, or start from an observation in the archive.")


class ForeignPictureError(CenterError):
    """The desk agent did not bring this picture for this case."""

    code = "foreign_picture"
    message = marked("Observation {row_key} was not imported for this case through the desk agent.")
    remedy = marked("Choose Import picture in this case, and run the command that is shown.")


class TooManyQuestionsError(CenterError):
    """An area and span that would take too many requests to the archive."""

    code = "too_many_questions"
    message = marked("This search needs {count} archive queries; the maximum is {limit}.")
    remedy = marked("Choose fewer cameras or a shorter time range.")


class BeyondCaseError(CenterError):
    """Footage is asked for in a case: of its cameras and its span alone."""

    code = "beyond_case"
    message = marked("The camera or the time range is not part of case {number}.")
    remedy = marked("Choose cameras and a time range of the case, or return the case to draft and extend it.")


class TooManyStandingError(CenterError):
    """The number of standing look-alikes is bounded in the whole system."""

    code = "too_many_standing"
    message = marked("The maximum of {limit} cases with alarms for similar vehicles is reached.")
    remedy = marked("Disable it in a case that no longer needs it.")


class UnsignedPictureError(CenterError):
    """A picture from the desk without a signature of the desk agent."""

    code = "unsigned_picture"
    message = marked("Observation {row_key} has no signature of the desk agent.")
    remedy = marked("Update the desk agent, then import the picture again.")


class ForgedPictureError(CenterError):
    """The archived picture or row is not the one that the desk agent signed."""

    code = "forged_picture"
    message = marked("Observation {row_key} does not match the signature of the desk agent: {cause}.")
    remedy = marked("Do not use it. Have the archive and the desk agent checked, then import the picture again.")
