"""Defines the errors of the cluster; each message gives the fault, its place and the remedy.

Each error takes one text, so that it survives the pickling by which Ray carries it from replica to replica.
"""


class ClusterError(Exception):
    """Base of every error of this package; its message is one line and ends with the remedy."""


class Retryable(ClusterError):
    """A failure without loss and without acknowledgement: the same call may succeed later."""


class Unavailable(Retryable):
    """A deployment that is starting, died in the middle of the call, or is overloaded."""


class Busy(Retryable):
    """The queue of requests with about this cost is full, and this request was refused."""


class StageFault(Retryable):
    """A stage failed on its input: its model or program failed, or its process died. The input may be the cause."""


class ArchiveWriteFailed(Retryable):
    """The archive refused a write. The commit mark is missing, so none of the batch counts as archived."""


class ArchiveFull(ArchiveWriteFailed):
    """No space is left under the archive directory."""


class Fenced(Retryable):
    """Another archiver took over the archive: this process must not write any more, its successor will."""


class Misplaced(Retryable):
    """Rows came to a writer that does not have their agent; none was committed."""


class ArchiveUnreadable(Retryable):
    """A day table or the archive directory cannot be read now; a table may have been dropped by retention meanwhile."""


class StoreDenied(ArchiveUnreadable):
    """The store of packs does not accept the access key, or the key lacks a right in the bucket."""


class UpkeepFailed(Retryable):
    """A day could not be compacted, indexed or searched by the canary. Its rows are safe and are searched as before."""


class StoreRefused(ClusterError):
    """An S3-compatible store that must not hold the packs of this archive as it is configured."""


class EpochExhausted(ClusterError):
    """The archive was taken over 8,191 times: a commit sequence number has no room for another epoch."""


class ArchiveInUse(ClusterError):
    """Another cluster, or a commit that does not end, holds the archive directory."""


class NotJpeg(ClusterError):
    """Bytes that are no JPEG of the stated size."""


class UnknownObservation(ClusterError):
    """No row has that key."""


class PictureWithheld(ClusterError):
    """The edge sent the row without its picture."""


class PictureLeaked(ClusterError):
    """The canary found a face in the picture, so its bytes were kept nowhere."""


class PictureErased(ClusterError):
    """The picture's bytes were zeroed in their pack on purpose."""


class PictureDamaged(ClusterError):
    """The pack does not hold the picture that the row describes."""


class NotBrought(ClusterError):
    """A picture of a camera, which no request may erase: no desk agent signed it."""


class PictureHeld(ClusterError):
    """A legal hold names the picture, so it is not erased by a request."""


class NoVector(ClusterError):
    """A machine to compare with has no vector: too little of it is visible, or its picture was erased."""


class UnknownHold(ClusterError):
    """No legal hold has that name."""


class ExportFailed(ClusterError):
    """Rows could not be written for somebody's own tools."""


class BackupFailed(ClusterError):
    """A backup or a restore failed; the earlier content of the target is unchanged."""


class BadRequest(ClusterError):
    """A parameter of a query that is invalid."""


class BadAssignment(ClusterError):
    """A file of detectors that cannot be used; the previous assignment stays."""


class StartFailed(ClusterError):
    """The cluster cannot start on this machine as it is configured."""


class BadScale(ClusterError):
    """A number of replicas that no deployment can have, or a file of them that cannot be read or written."""


class NotUp(ClusterError):
    """No `wayside-cluster up` runs with this configuration, or its Ray does not answer."""
