"""Codes the errors of the cluster for the reader's language: the class of an error is its code, its text the detail."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from provisioning.contracts.causes import cluster
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.causes.text import CauseText
from provisioning.contracts.wire.messages import CodedCause
from ray_cluster import errors

_TEXTS: Final[Mapping[type[Exception], CauseText]] = {
    errors.Unavailable: cluster.STAGE_UNAVAILABLE,
    errors.StageFault: cluster.STAGE_FAULT,
    errors.ArchiveFull: cluster.ARCHIVE_FULL,
    errors.ArchiveWriteFailed: cluster.ARCHIVE_WRITE_FAILED,
    errors.ArchiveUnreadable: cluster.ARCHIVE_UNREADABLE,
    errors.ArchiveInUse: cluster.ARCHIVE_IN_USE,
    errors.Fenced: cluster.ARCHIVE_FENCED,
    errors.StoreDenied: cluster.PACK_STORE_DENIED,
    errors.StoreRefused: cluster.PACK_STORE_REFUSED,
    errors.UpkeepFailed: cluster.UPKEEP_FAILED,
}


class CodedText(NamedTuple):
    """A fault for the operator: its whole text, and the same in code for the reader's language."""

    text: str
    reason: CodedCause

    @classmethod
    def of(cls, reason: CodedCause) -> "CodedText":
        """Makes a fault whose text is that of its code."""
        return cls(english(reason), reason)


def code_error(error: errors.ClusterError) -> CodedCause:
    """Codes an error by its class."""
    return _TEXTS.get(type(error), cluster.OTHER)(detail=str(error) or type(error).__name__)
