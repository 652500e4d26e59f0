"""`pytest.approx` with the types that it does not declare, which pyright's strict mode asks for."""

import pytest


def near(expected: object, *, rel: float | None = None, abs: float | None = None) -> object:  # noqa: A002 (pytest's word)
    """A number, or a list of them, that equals `expected` within a tolerance; by default a millionth of it."""
    return pytest.approx(expected, rel=rel, abs=abs)  # pyright: ignore[reportUnknownMemberType]
