"""Simulated hardware with a known truth, and the references that tests compare with."""
