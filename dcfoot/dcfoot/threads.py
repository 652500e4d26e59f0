"""Starts threads that are never worth holding up a job: nobody waits for them, or for so long and no longer."""

from _thread import start_new_thread
from collections.abc import Callable, Sequence
from signal import SIGHUP, SIGINT, SIGQUIT, SIGTERM, sigpending
from threading import Thread
from time import monotonic
from typing import NamedTuple, TypeVar

LOOK_EVERY_S = 0.05
"""How often a waiting process looks whether it shall end [s]. A choice: nobody notices."""

ENDING = frozenset({SIGINT, SIGTERM, SIGHUP, SIGQUIT})
"""Signals by which people and job schedulers end a process; ``dcfoot run`` holds them back."""

AnswerT = TypeVar("AnswerT")


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


def within(wait_s: float, question: Callable[[], AnswerT]) -> AnswerT | None:
    """The answer to a question, for somebody who does not wait for ever; None where it takes longer.

    The question then goes on alone. A signal that would end this process ends the waiting.

    Parameters
    ----------
    wait_s : float
        How long to wait [s]
    question : callable
        Gives the answer, and raises nothing.

    Raises
    ------
    RuntimeError
        There can be no further thread: a limit, or the interpreter is about to end.
    """
    answers: list[AnswerT] = []
    thread = Thread(target=lambda: answers.append(question()), name="dcfoot-asks", daemon=True)
    thread.start()
    until_s = monotonic() + wait_s
    while thread.is_alive() and monotonic() < until_s and not ENDING & sigpending():
        thread.join(LOOK_EVERY_S)
    return answers[0] if answers else None
