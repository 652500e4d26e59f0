"""The one thing worth doing next, judged from the receipt alone."""

from dcfoot.receipt.contract import ReceiptJson

_GAP_RATIO = 0.95
"""Below this coverage something was wrong with a meter rather than with the first and last tick."""


def next_step(receipt: ReceiptJson) -> str:
    """A key of `Words.next_steps`: what would improve these figures most."""
    channels = receipt["channels"]
    if not any(rung["energy_kwh"] is not None for rung in receipt["ladder"]) or not channels:
        return "no_meter"
    if not receipt["site"]["chosen"]:
        return "no_site"
    if any(channel["basis"] != "measured" for channel in channels):
        return "modelled"
    if any(channel["coverage_ratio"] < _GAP_RATIO for channel in channels):
        return "gaps"
    if any(rung["rung"] == "node" and rung["basis"] != "measured" for rung in receipt["ladder"]):
        return "node"
    return "keep"
