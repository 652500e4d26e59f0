"""Receipts as files: text to write, and back."""

import json
from pathlib import Path
from typing import cast

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.receipt.contract import SCHEMA, ReceiptJson
from dcfoot.receipt.view import view

_ADDED: dict[str, object] = {
    "machine": {},
    "ladder_basis": "share",
    "equivalents": [],
    "phases": [],
    "by_time": None,
    "gauges": {},
    "what_matters": [],
}
"""Keys that a receipt of version 1 may lack, and what stands for them then."""

_ADDED_BELOW: dict[str, dict[str, object]] = {
    "run": {"tags": {}, "job": None, "part_of": None},
    "footprint": {
        "water_onsite_consumed_l": None,
        "water_offsite_withdrawn_l": None,
        "water_embodied_l": None,
        "water_world_equivalent_m3": None,
    },
    "site": {"chosen": True, "typical_year": None},
}
_ADDED_IN_LISTS: dict[str, dict[str, object]] = {
    "channels": {"host": "", "attributed_p5_j": None, "attributed_p95_j": None},
    "ladder": {"note": ""},
    "sources": {"licence": ""},
}


def dumps(receipt: ReceiptJson, *, ascii_only: bool = False) -> str:
    """The receipt as JSON text that ends in a newline; with `ascii_only` every other character is escaped."""
    return json.dumps(receipt, ensure_ascii=ascii_only, indent=2, allow_nan=False) + "\n"


def read_receipt(path: Path) -> ReceiptJson:
    """The receipt in a file.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be read, or is no receipt of this version.
    """
    try:
        found: object = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        message = f"There is no file {path}."
        raise DataMissing(message) from None
    except (OSError, ValueError) as fault:
        message = f"{path} cannot be read as JSON: {fault}"
        raise ConfigError(message) from fault
    return loads(found, str(path))


def loads(found: object, where: str) -> ReceiptJson:
    """A decoded JSON value as a receipt, with what later versions added; `where` is for the message.

    Raises
    ------
    ConfigError
        It is no receipt of this version.
    """
    schema = cast("dict[str, object]", found).get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        said = f"says {schema!r}" if schema else "does not say so"
        message = f"{where} is not a receipt that this dcfoot can read: it needs {SCHEMA!r} and {said}."
        raise ConfigError(message)
    try:
        receipt = _completed(cast("dict[str, object]", found))
        view(receipt, "en")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as fault:
        what = f"it lacks {fault}" if isinstance(fault, KeyError) else "a value in it is not what a receipt has there"
        message = f"{where} is not a whole receipt: {what}."
        raise ConfigError(message) from fault
    return receipt


def _completed(found: dict[str, object]) -> ReceiptJson:
    receipt = {**_ADDED, **found}
    for key, added in _ADDED_BELOW.items():
        receipt[key] = {**added, **cast("dict[str, object]", receipt[key])}
    for key, added in _ADDED_IN_LISTS.items():
        receipt[key] = [{**added, **item} for item in cast("list[dict[str, object]]", receipt[key])]
    footprint = cast("dict[str, object]", receipt["footprint"])
    carbon = cast("list[dict[str, object]]", footprint["carbon"])
    receipt["footprint"] = {**footprint, "carbon": [_completed_carbon(one) for one in carbon]}
    run = cast("dict[str, object]", receipt["run"])
    run.setdefault("hosts", [run["host"]] if run["host"] else [])
    return cast("ReceiptJson", receipt)


def _completed_carbon(found: dict[str, object]) -> dict[str, object]:
    hourly = cast("dict[str, object] | None", found.get("hourly"))
    known = hourly and {"resolution": "typical_hours", **hourly}
    return {"zone": "", "source": "", **found, "hourly": known}
