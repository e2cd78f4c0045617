"""Payments, refunds, what providers tell us, and what we must tell them; the adapters of providers."""
