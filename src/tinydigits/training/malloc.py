"""glibc's malloc, set to keep freed memory: quicker training steps for a change of the whole process."""

from __future__ import annotations

import ctypes
import functools
import sys

__all__ = ["retain_freed_memory"]

# From glibc's <malloc.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


@functools.cache
def retain_freed_memory() -> None:
    """Make the C library's malloc keep freed memory for the next allocation, in the whole process, until it ends.

    A training step frees and allocates the same few large blocks; by default glibc returns them to the system and
    the kernel zeroes each page again (`make profile` measures what that costs). The process's memory then stays at
    its peak, so `td.train` leaves malloc alone: the command line and worker processes call this, and a program that
    does little but train may. Does nothing where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_TOP_PAD, 64 << 20)
