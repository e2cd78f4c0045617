"""Pages of demo and development; they do not exist in production."""
