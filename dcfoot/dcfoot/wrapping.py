"""Wraps a function of any kind so that each of its calls, to its very end, lies in a block of its own.

In come a function and what makes the block (a context manager), out goes a function of the same kind: a coroutine
function stays one, and what is sent to a generator, thrown into it or raised by it passes as it would without us.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

Block = Callable[[], AbstractContextManager[object]]


def wrapped(function: Callable[P, R], block: Block) -> Callable[P, R]:
    """`function`, with a new `block` around every call: until its coroutine or generator has ended."""
    if isinstance(function, staticmethod | classmethod):
        method = cast("staticmethod[P, R]", function)
        return cast("Callable[P, R]", type(method)(wrapped(method.__func__, block)))
    wrap: Callable[[Callable[..., Any], Block], Callable[..., object]] = _call
    if inspect.iscoroutinefunction(function):
        wrap = _coroutine
    elif inspect.isasyncgenfunction(function):
        wrap = _async_generator
    elif inspect.isgeneratorfunction(function):
        wrap = _generator
    return cast("Callable[P, R]", functools.wraps(function)(wrap(function, block)))


def _call(function: Callable[..., object], block: Block) -> Callable[..., object]:
    def call(*args: object, **kwargs: object) -> object:
        with block():
            return function(*args, **kwargs)

    return call


def _coroutine(function: Callable[..., Any], block: Block) -> Callable[..., object]:
    async def coroutine(*args: object, **kwargs: object) -> object:
        with block():
            return await function(*args, **kwargs)

    return coroutine


def _generator(function: Callable[..., Any], block: Block) -> Callable[..., object]:
    def generator(*args: object, **kwargs: object) -> Generator[object, object, object]:
        with block():
            inner: Generator[object, object, object] = function(*args, **kwargs)
            return (yield from inner)

    return generator


def _async_generator(function: Callable[..., Any], block: Block) -> Callable[..., object]:
    async def async_generator(*args: object, **kwargs: object) -> AsyncGenerator[object, object]:
        with block():
            inner: AsyncGenerator[object, object] = function(*args, **kwargs)
            # What `yield from` does for a generator (PEP 380); there is no such thing for an asynchronous one.
            try:
                item = await anext(inner)
                while True:
                    try:
                        sent = yield item
                    except GeneratorExit:
                        await inner.aclose()
                        raise
                    except BaseException as fault:  # noqa: BLE001 (whatever is thrown into us is meant for it)
                        item = await inner.athrow(fault)
                    else:
                        item = await inner.asend(sent)
            except StopAsyncIteration:
                return

    return async_generator
