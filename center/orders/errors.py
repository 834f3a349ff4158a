"""Errors of maintenance orders, with messages that the console translates."""

from center.errors import CenterError, marked


class UnknownOrderError(CenterError):
    """The order does not exist, or is not in sight."""

    code = "unknown_order"
    message = marked("Maintenance order {order_id} does not exist.")
    remedy = marked("Use a number from the list of maintenance orders.")


class OrderStateError(CenterError):
    """The order's state does not allow this event."""

    code = "order_state"
    message = marked("The state of this maintenance order does not allow the action.")
    remedy = marked("Reload the order: another user or the program may have moved it on.")


class OrderTakenError(CenterError):
    """Another technician has accepted the order."""

    code = "order_taken"
    message = marked("Maintenance order {order_id} has been accepted by {username}.")
    remedy = marked("Ask {username}, or have the order assigned to you.")


class OrderExistsError(CenterError):
    """The camera has an order by hand that has not ended."""

    code = "order_exists"
    message = marked("This camera already has maintenance order {order_id}.")
    remedy = marked("Open that order and add a note to it.")


class StepReusedError(CenterError):
    """A step's id was used for another step."""

    code = "step_reused"
    message = marked("The ID of this step was already used for another step.")
    remedy = marked("Make a new ID for each step; repeat a step only as it was.")


class NotATechnicianError(CenterError):
    """The account may not work on orders of this camera."""

    code = "not_a_technician"
    message = marked("User {username} may not work on maintenance orders here.")
    remedy = marked("Choose an account that is enabled and has the role of a technician in this district.")


class OwnConfirmationError(CenterError):
    """The technician of an order may not confirm it."""

    code = "own_confirmation"
    message = marked("A maintenance order cannot be confirmed by a technician who worked on it.")
    remedy = marked("Ask another person to confirm it.")


class OrderTermsError(CenterError):
    """The change concerns districts beyond the account's own."""

    code = "order_terms"
    message = marked("The terms cannot be saved: {cause}.")
    remedy = marked("Change it and try again.")


class SigningOffError(CenterError):
    """Nothing is configured to sign with."""

    code = "signing_off"
    message = marked("The report cannot be signed: no signing key is configured.")
    remedy = marked("Set [evidence] in the configuration of the centre, or take the sheet, which is not signed.")
