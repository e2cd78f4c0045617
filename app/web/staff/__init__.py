"""The desks of staff under /quan-tri."""
