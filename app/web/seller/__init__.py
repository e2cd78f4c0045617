"""The household's pages."""
