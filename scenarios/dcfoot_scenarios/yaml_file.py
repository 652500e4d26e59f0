"""YAML 1.2 as plain values, and where in the file each of them stands.

In comes a file, out go dicts, lists and scalars, with the line of every key. What a study does not need is refused: a
key that stands twice, a file that is too large, aliases that unfold to far more than was written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from dcfoot.errors import DataMissing, StudyError

MOST_BYTES = 1_000_000
"""A study is written by a person (a choice)."""

MOST_VALUES = 50_000
"""The same, aliases unfolded: ten levels of ten aliases are ten billion values in one kilobyte (a choice)."""

_READER: Any = YAML(typ="rt", pure=True)  # pyright: ignore[reportUnknownVariableType]

Place = tuple[str | int, ...]
"""The way to a value: keys, and numbers of list items."""


@dataclass(frozen=True, slots=True)
class Document:
    """What stands in a file.

    Parameters
    ----------
    path : Path
        The file.
    values : dict
        Its keys.
    lines : mapping of tuple to int
        The line of each key and list item, by its way from the top.
    """

    path: Path
    values: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a value, or of the nearest that it stands in."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(path: Path) -> Document:
    """A YAML file, whose top is a mapping.

    Raises
    ------
    DataMissing
        There is no such file.
    StudyError
        It is no YAML, or more than a study may be.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= MOST_BYTES else None
    except OSError as fault:
        raise DataMissing(f"{path}: {fault.strerror or fault}. `dcfoot plan --new NAME` writes an example.") from None
    except UnicodeDecodeError as fault:
        raise StudyError(f"{path}: this is no UTF-8 text ({fault.reason} at byte {fault.start}).") from None
    if text is None:
        raise StudyError(f"{path}: more than {MOST_BYTES:,} bytes are no study; put series into CSV files.")
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> Document:
    """The same, of a text that stands in `path`."""
    try:
        top: Any = _READER.load(text)
    except DuplicateKeyError as fault:
        said = _problem(fault).partition(" with value")[0].replace("found duplicate key", "the key")
        raise StudyError(f"{path}:{_line(fault)}: {said} stands twice; take one of them away.") from None
    except MarkedYAMLError as fault:
        raise StudyError(f"{path}:{_line(fault)}: this is no YAML: {_problem(fault)}.") from None
    except (YAMLError, ValueError) as fault:
        raise StudyError(f"{path}: this is no YAML: {' '.join(str(fault).split())}.") from None
    if not _is(top, CommentedMap):
        raise StudyError(f"{path}:1: a study is keys with values (`study: NAME`), and this is not.")
    for number, line in enumerate(text.splitlines(), 1):
        split = _COMMA.search(line.partition(" #")[0])
        if split:
            whole = split[2].replace(",", "")
            raise StudyError(f"{path}:{number}: {split[1]}: {split[2]} is two values here; write {whole}.")
    lines: dict[Place, int] = {}
    budget = iter(range(MOST_VALUES))
    return Document(path, _plain(top, (), lines, budget, path), lines)


def _line(fault: MarkedYAMLError) -> int:
    marks: list[Any] = [getattr(fault, "problem_mark", None), getattr(fault, "context_mark", None)]
    return next((int(mark.line) + 1 for mark in marks if mark), 1)


def _problem(fault: MarkedYAMLError) -> str:
    return str(getattr(fault, "problem", None) or fault)


def _plain(node: Any, place: Place, lines: dict[Place, int], budget: Iterator[int], path: Path) -> Any:  # noqa: ANN401
    if next(budget, None) is None:
        raise StudyError(f"{path}: its aliases unfold to more than {MOST_VALUES:,} values; write fewer of them.")
    if _is(node, CommentedMap):
        for key in node:
            lines[*place, str(key)] = node.lc.key(key)[0] + 1 if key in (node.lc.data or ()) else 1
        return {str(key): _plain(value, (*place, str(key)), lines, budget, path) for key, value in node.items()}
    if _is(node, CommentedSeq):
        for index in range(len(node)):
            lines[*place, index] = node.lc.item(index)[0] + 1
        return [_plain(value, (*place, index), lines, budget, path) for index, value in enumerate(node)]
    return _scalar(node)


def _is(node: object, kind: type) -> bool:
    """Whether a node is of a kind; the library's classes have no types of their own to narrow to."""
    return isinstance(node, kind)


_COMMA = re.compile(r"[{,]\s*(\w+)\s*:\s*(\d{1,3},\d{3})(?!\d)")
"""A number with a comma for its thousands inside braces, where a comma ends a value."""


def _scalar(value: Any) -> Any:  # noqa: ANN401 (whatever YAML knows)
    """A plain value of the library's own types, which remember how they were written."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value.isoformat() if isinstance(value, date) else value  # a text to whoever wrote it
