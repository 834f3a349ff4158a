"""Errors of what goes upward to superior platforms."""

from center.errors import CenterError, marked


class CodesSpentError(CenterError):
    """No number is left."""

    code = "codes_spent"
    message = marked("No code of type {kind} is left below {own_id}.")
    remedy = marked("Give this superior another own_id, or assign codes in camera_codes.")


class CascadeDistrictError(CenterError):
    """The configuration names a district that there is not."""

    code = "cascade_district"
    message = marked("Superior {superior}: there is no district {district}, so its cameras are not listed.")
    remedy = marked("Create the district, or correct districts in [[cascade]] and restart the centre.")
