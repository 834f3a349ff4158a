"""Errors of cases, with messages that the console translates."""

from center.errors import CenterError, marked


class UnknownCaseError(CenterError):
    """No such case, or none that the caller may see."""

    code = "unknown_case"
    message = marked("There is no case {number}.")
    remedy = marked("Check its number, and that your account has a role where the case is.")


class CaseTakenError(CenterError):
    """Another case has this number."""

    code = "case_taken"
    message = marked("There is a case {number} already.")
    remedy = marked("Open that one, or use the number that this case has.")


class CaseStateError(CenterError):
    """The case's state does not allow the act."""

    code = "case_state"
    message = marked("This cannot be done to a case that is {state}: {act}.")
    remedy = marked("Load the page again: somebody may have been quicker, or the case has expired.")


class CaseChangedError(CenterError):
    """Another user wrote the case in between."""

    code = "case_changed"
    message = marked("Case {number} was changed meanwhile: it is at version {newest}, not {version}.")
    remedy = marked("Read it again, then decide on what it says now.")


class SecondPersonError(CenterError):
    """The author, owner or requester of a case may not approve it."""

    code = "second_person"
    message = marked("A case is approved by somebody other than who wrote it, owns it or requested it.")
    remedy = marked("Ask another supervisor.")


class CaseNotApprovedError(CenterError):
    """The archive may be searched in approved cases alone."""

    code = "case_not_approved"
    message = marked("Case {number} is not approved, or has expired.")
    remedy = marked("Have a supervisor approve it; one that has expired is revised and requested again.")


class CaseTermsError(CenterError):
    """Terms that no case may have."""

    code = "case_terms"
    message = marked("The case cannot be kept like this: {cause}.")
    remedy = marked("Change it and try again.")


class AreaOutOfSightError(CenterError):
    """The area has cameras that the user may not see, or none."""

    code = "area_out_of_sight"
    message = marked("The area of the case has cameras that this account does not see, or none at all.")
    remedy = marked("Choose districts and cameras of your own, or ask somebody who sees all of them.")


class NothingSoughtError(CenterError):
    """The case has no machine to compare with."""

    code = "nothing_sought"
    message = marked("Case {number} has no picture of the sought machine yet.")
    remedy = marked("Choose a machine of an observation, or bring a picture through the desk agent.")


class UnknownCaseMachineError(CenterError):
    """The machine is not one of this case."""

    code = "unknown_case_machine"
    message = marked("Machine {index} of observation {row_key} is none of this case.")
    remedy = marked("Load the page again: another search may have replaced the candidates.")


class DeskMissingError(CenterError):
    """No desk agent is configured."""

    code = "desk_missing"
    message = marked("No desk agent is set up here, so pictures cannot be brought.")
    remedy = marked("Set desk in [cases] of the centre's configuration, or begin with an observation of the archive.")


class ForeignPictureError(CenterError):
    """The desk agent did not bring this picture for this case."""

    code = "foreign_picture"
    message = marked("Observation {row_key} did not come through the desk agent for this case.")
    remedy = marked("Ask for a place for the picture in this case, and bring it with the command that is shown.")


class TooManyQuestionsError(CenterError):
    """An area and span that would take too many requests to the archive."""

    code = "too_many_questions"
    message = marked("This search would take {count} questions to the archive, more than {limit}.")
    remedy = marked("Choose fewer cameras or a shorter time.")


class TooManyStandingError(CenterError):
    """The number of standing look-alikes is bounded in the whole system."""

    code = "too_many_standing"
    message = marked("There are {limit} standing look-alikes already.")
    remedy = marked("End one that is no longer needed.")


class UnsignedPictureError(CenterError):
    """A picture from the desk without a signature of the desk agent."""

    code = "unsigned_picture"
    message = marked("Observation {row_key} is not signed by the desk agent.")
    remedy = marked("Update the desk agent, ask for another place, and bring the picture again.")


class ForgedPictureError(CenterError):
    """The archived picture or row is not the one that the desk agent signed."""

    code = "forged_picture"
    message = marked("Observation {row_key} is not what the desk agent signed: {cause}.")
    remedy = marked("Do not use it. Have archive and desk agent looked at, then bring the picture to another place.")
