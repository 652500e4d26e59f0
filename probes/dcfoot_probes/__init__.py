"""Probes: one file a kind of meter."""
