"""Errors of an imported map."""

from center.errors import CenterError


class MapFileError(CenterError):
    """A file is not taken as a map. Shown on the command line only, and so in English."""

    code = "map_file_refused"
    message = "{file} is not taken as a map: {cause}."
    remedy = "{what_to_do}."
