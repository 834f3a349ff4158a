"""Memory lent for input tensors: one piece a thread, and none of a large batch is kept."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from engines.detection.scratch import KEPT_BYTES, Scratch


def test_a_thread_is_lent_the_same_memory_again() -> None:
    scratch = Scratch()
    large = scratch.lend((2, 3, 8, 8))
    assert (large.shape, large.dtype.name, large.flags.c_contiguous) == ((2, 3, 8, 8), "float32", True)
    assert np.shares_memory(large, scratch.lend((1, 3, 4, 4)))
    assert np.shares_memory(large, scratch.lend((2, 3, 8, 8)))


def test_threads_do_not_share_memory() -> None:
    scratch = Scratch()
    with ThreadPoolExecutor(1) as other:
        theirs = other.submit(scratch.lend, (1, 3, 8, 8)).result()
    assert not np.shares_memory(scratch.lend((1, 3, 8, 8)), theirs)


def test_a_large_batch_has_memory_of_its_own() -> None:
    scratch = Scratch()
    side = int((KEPT_BYTES / 12) ** 0.5) + 1
    one, other = (scratch.lend((1, 3, side, side)) for _ in range(2))
    assert not np.shares_memory(one, other)
