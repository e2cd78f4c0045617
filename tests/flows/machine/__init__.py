"""The state machine's market, a chapter for each: buying, giving_back, at_the_bank, paying_out."""
