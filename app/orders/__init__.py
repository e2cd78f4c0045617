"""Carts, purchases and the orders they hold, one per shop; the states an order goes through."""
