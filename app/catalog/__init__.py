"""What is for sale: categories, listings, their offers, the lots they draw on, stock, holds, search rows."""
