"""Verbs: the only place where neighbouring rooms meet. Flows own no tables and know no web."""
