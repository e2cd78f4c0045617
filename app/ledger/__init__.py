"""The double-entry book: accounts, transactions, postings. Append-only; every transaction sums to zero."""
