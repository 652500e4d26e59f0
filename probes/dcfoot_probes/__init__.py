"""Probes: one file a kind of meter.

Every run loads all of them, so what a probe needs only where its hardware is there is imported there, and small
records are `NamedTuple`s: a dataclass costs five times as much at import.
"""
