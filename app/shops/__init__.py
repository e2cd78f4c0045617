"""Households and their shops: name, place, story, opening, members, certificates, the team's seal."""
