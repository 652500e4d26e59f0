"""Starts threads without waiting for them: what they do is never worth holding up a job."""

from _thread import start_new_thread
from collections.abc import Callable, Sequence
from threading import Thread
from typing import NamedTuple


class Beginning(NamedTuple):
    """A thread, and what is called where a limit on memory or on processes forbids to start it."""

    thread: Thread
    refused: Callable[[RuntimeError], None]


def begin(beginnings: Sequence[Beginning]) -> None:
    """Starts threads, one after the other, and returns at once.

    `Thread.start` waits until the thread says that it runs, and so for ever where it finds no memory to say so
    (CPython, ``Lib/threading.py``). Here a thread of its own waits, which nobody waits for.
    """

    def one_by_one() -> None:
        for thread, refused in beginnings:
            try:
                thread.start()
            except RuntimeError as fault:
                refused(fault)

    try:
        start_new_thread(one_by_one, ())
    except RuntimeError as fault:
        for _, refused in beginnings:
            refused(fault)
