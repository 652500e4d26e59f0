"""What older versions of dcfoot wrote, brought to today's form when it is read; files are never rewritten for it.

To change the form of a journal: raise the version of `CURRENT` from n to n + 1 and enter under n the function that
turns a body of version n into one of n + 1. Bodies are JSON objects, and functions are pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dcfoot.errors import StoreError
from dcfoot.store.lines import LineKind

Body = dict[str, Any]
Migration = Callable[[LineKind, Body], Body]


@dataclass(frozen=True, slots=True)
class Schema:
    """A version of the journal's form, with the way up to it.

    Parameters
    ----------
    version : int
        The version that is written, and the newest that is read.
    migrations : Mapping[int, Migration]
        Under each older version that can still be read, the step to the next.
    """

    version: int
    migrations: Mapping[int, Migration] = field(default_factory=dict[int, Migration])

    def upgrade(self, kind: LineKind, body: Body, version: int) -> Body:
        """`body`, written by `version`, in the form of this schema. Raises `StoreError` where there is no way."""
        self.check(version)
        for step in range(version, self.version):
            body = self.migrations[step](kind, body)
        return body

    def check(self, version: int) -> None:
        """Raises `StoreError` where lines of `version` cannot be read."""
        if version > self.version:
            raise StoreError(
                f"written by a newer dcfoot (schema {version}, this one reads up to {self.version}); upgrade dcfoot"
            )
        if any(step not in self.migrations for step in range(version, self.version)):
            raise StoreError(f"written by a dcfoot so old (schema {version}) that this one cannot read it")


CURRENT = Schema(version=1)
"""Version 1 is the first that was released, so there is nothing to migrate yet."""
