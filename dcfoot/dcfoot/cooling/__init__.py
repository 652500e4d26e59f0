"""Cooling systems of data centres."""
