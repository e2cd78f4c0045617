"""How fast the market is, beside the least that a page of this stack can cost."""
