"""The demo market: sixty households, eighty listings, sixty days of trade, made through the real services."""
