"""What leaves the house as a document: message texts, share cards, slips. Pure, from frozen data."""
