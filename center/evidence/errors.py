"""Errors of exports. Each says what, where and what to do, like every error of the centre."""

from center.errors import CenterError, marked


class EvidenceOffError(CenterError):
    """The configuration has no [evidence]."""

    code = "evidence_off"
    message = marked("This centre has no keys to sign evidence with.")
    remedy = marked("Copy them from provisioning and give [evidence], as docs/evidence.md says.")


class TooManyPicturesError(CenterError):
    """More pictures than one export may have."""

    code = "too_many_pictures"
    message = marked("{count} pictures are more than the {limit} that one export may have.")
    remedy = marked("Choose fewer, or make several exports.")


class ExportsBusyError(CenterError):
    """As many exports run already as may at once."""

    code = "exports_busy"
    message = marked("{running} exports are running already.")
    remedy = marked("Wait until one is done, or cancel one.")


class UnknownExportError(CenterError):
    """No export of that number is in sight."""

    code = "unknown_export"
    message = marked("There is no export {export_id}.")
    remedy = marked("Check the number.")


class ExportNotReadyError(CenterError):
    """The export has no file: not yet, or not any more."""

    code = "export_not_ready"
    message = marked("Export {export_id} has no file: it is {state}.")
    remedy = marked("Wait while it is running; start another otherwise.")


class ExportErasedError(CenterError):
    """A picture of the export has been erased in the archive, and the file with it."""

    code = "export_erased"
    message = marked("Observation {row_key} was erased since; export {export_id} is removed.")
    remedy = marked("Start another: it names that observation as erased.")
