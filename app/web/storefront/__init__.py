"""Public and buyer pages, one module per noun."""
