"""dcfoot: the energy, water and carbon of AI computing, rung by rung.

Importing this loads nothing; names are fetched when they are used (PEP 562).

>>> import dcfoot
>>> with dcfoot.track("training") as run:
...     with run.phase("epoch 1"):
...         pass
"""

TYPE_CHECKING = False  # type checkers know the name; importing it from typing costs 7 ms

if TYPE_CHECKING:
    from dcfoot.assessment import assess
    from dcfoot.footprint import Footprint
    from dcfoot.measurement import Measurement
    from dcfoot.quantity import Quantity
    from dcfoot.site import Site, resolve_site
    from dcfoot.tracking import Run, track
    from dcfoot.version import VERSION as __version__  # noqa: N811 (Python's own name for it)

__all__ = [
    "Footprint",
    "Measurement",
    "Quantity",
    "Run",
    "Site",
    "__version__",
    "assess",
    "resolve_site",
    "track",
]

_HOMES = {
    "Footprint": "dcfoot.footprint",
    "Measurement": "dcfoot.measurement",
    "Quantity": "dcfoot.quantity",
    "Run": "dcfoot.tracking",
    "Site": "dcfoot.site",
    "assess": "dcfoot.assessment",
    "resolve_site": "dcfoot.site",
    "track": "dcfoot.tracking",
}


def __getattr__(name: str) -> object:
    """Fetches a public name from where it lives."""
    from importlib import import_module

    if name == "__version__":
        return import_module("dcfoot.version").VERSION
    if name not in _HOMES:
        message = f"module 'dcfoot' has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*globals(), *__all__])
