"""What the operating system says when a file cannot be used, in words that tell what to do."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from dcfoot.errors import StoreError

REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space, or set DCFOOT_DATA_DIR to a folder elsewhere",
    errno.EDQUOT: "your disk quota is used up; free some space, or set DCFOOT_DATA_DIR to a folder elsewhere",
    errno.EFBIG: "the limit on file sizes is reached (ulimit -f); raise it",
    errno.EROFS: "the file system is read-only; set DCFOOT_DATA_DIR to a folder that can be written",
    errno.EACCES: "no permission; set DCFOOT_DATA_DIR to a folder that you may write",
    errno.EPERM: "no permission; set DCFOOT_DATA_DIR to a folder that you may write",
    errno.ENOENT: "there is no such folder; set DCFOOT_DATA_DIR to a folder that can be written",
    errno.ENOTDIR: "a file stands where a folder is needed; move it, or set DCFOOT_DATA_DIR to another folder",
    errno.EEXIST: "a file stands where a folder is needed; move it, or set DCFOOT_DATA_DIR to another folder",
    errno.ESTALE: "the network file system lost it; try again",
}
"""What to do about an error number (errno(3))."""


@contextmanager
def store_faults(action: str, path: Path) -> Generator[None]:
    """Turns an `OSError` in its body into a `StoreError`: ``cannot <action> <path>: <what to do>``."""
    try:
        yield
    except OSError as fault:
        remedy = REMEDIES.get(fault.errno or 0, "set DCFOOT_DATA_DIR to another folder")
        raise StoreError(f"cannot {action} {path}: {remedy} ({fault.strerror or fault})") from fault
