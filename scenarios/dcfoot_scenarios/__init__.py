"""What-if studies of AI data centres."""
