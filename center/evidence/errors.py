"""Errors of exports. Each says what, where and what to do, like every error of the centre."""

from center.errors import CenterError, marked


class EvidenceOffError(CenterError):
    """The configuration has no [evidence]."""

    code = "evidence_off"
    message = marked("This centre has no keys for signing evidence.")
    remedy = marked("Copy the keys from provisioning and configure [evidence] (docs/evidence.md).")


class TooManyPicturesError(CenterError):
    """More pictures than one export may have."""

    code = "too_many_pictures"
    message = marked("{count} pictures exceed the limit of {limit} per export.")
    remedy = marked("Choose fewer pictures, or create several exports.")


class ExportsBusyError(CenterError):
    """As many exports run already as may at once."""

    code = "exports_busy"
    message = marked("{running} exports are already running.")
    remedy = marked("Wait until one is finished, or cancel one.")


class UnknownExportError(CenterError):
    """No export of that number is in sight."""

    code = "unknown_export"
    message = marked("Export {export_id} does not exist.")
    remedy = marked("Check the number.")


class ExportNotReadyError(CenterError):
    """The export has no file: not yet, or not any more."""

    code = "export_not_ready"
    message = marked("Export {export_id} has no file: state {state}.")
    remedy = marked("If it is running, wait; otherwise start a new export.")


class ExportErasedError(CenterError):
    """A picture of the export has been erased in the archive, and the file with it."""

    code = "export_erased"
    message = marked("Observation {row_key} has been erased since; export {export_id} was removed.")
    remedy = marked("Start a new export: it lists that observation as erased.")
