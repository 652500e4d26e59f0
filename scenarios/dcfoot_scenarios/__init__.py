"""What-if studies of AI data centres.

Importing this loads nothing; names are fetched when they are used (PEP 562).

>>> from dcfoot_scenarios import Study, compare
>>> compare(Study.read("study.yaml")).table()  # doctest: +SKIP
"""

import sys
from types import ModuleType

TYPE_CHECKING = False  # as in `dcfoot`

if TYPE_CHECKING:
    from dcfoot_scenarios.compare import Comparison, compare
    from dcfoot_scenarios.evaluate import Outcome, evaluate
    from dcfoot_scenarios.optimise import optimise
    from dcfoot_scenarios.scenario import Scenario
    from dcfoot_scenarios.study import Study
    from dcfoot_scenarios.sweep.run import sweep

__all__ = ["Comparison", "Outcome", "Scenario", "Study", "compare", "evaluate", "optimise", "sweep"]

_HOMES = {
    "Comparison": "dcfoot_scenarios.compare",
    "Outcome": "dcfoot_scenarios.evaluate",
    "Scenario": "dcfoot_scenarios.scenario",
    "Study": "dcfoot_scenarios.study",
    "compare": "dcfoot_scenarios.compare",
    "evaluate": "dcfoot_scenarios.evaluate",
    "optimise": "dcfoot_scenarios.optimise",
    "sweep": "dcfoot_scenarios.sweep.run",
}


def __getattr__(name: str) -> object:
    """Fetches a public name from where it lives."""
    from importlib import import_module

    if name not in _HOMES:
        message = f"module 'dcfoot_scenarios' has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*globals(), *__all__])


class _Package(ModuleType):
    """A package whose functions go before the modules that they live in and that are called the same."""

    def __setattr__(self, name: str, value: object) -> None:
        """Passes over what Python sets when it has imported such a module."""
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
