"""Raw pictures are in this process's memory: a crash must not write that memory to a disk (docs/boundary.md §1)."""

import ctypes
import resource
import sys
from typing import Final

_PR_SET_DUMPABLE: Final = 4  # linux/prctl.h


def forbid_core_dumps() -> None:
    """No core file, and none through a pipe to a crash collector either, for which Linux ignores `RLIMIT_CORE`.

    Raises:
        OSError: the kernel refused.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            code = ctypes.get_errno()
            raise OSError(code, "core dumps cannot be switched off (prctl PR_SET_DUMPABLE)")
