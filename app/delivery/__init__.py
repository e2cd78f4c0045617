"""How goods reach the buyer: the methods a shop offers and their fees."""
