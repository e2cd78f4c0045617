"""Messages to people: what is to be said, to whom, by which channel, and whether it went out."""
