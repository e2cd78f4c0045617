"""What every room stands on: database, money, text, codes, time. Knows no room and no web."""
