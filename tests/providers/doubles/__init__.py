"""Providers as tests meet them: real HTTP on loopback, real signatures, no money."""
