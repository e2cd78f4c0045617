"""People: phones, PINs, one-time codes, sessions, roles, limits on failures, audit events.

A person is not a household and not a shop; sellers' families live in `shops`.
"""
