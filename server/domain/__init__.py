"""What the programme is made of: areas, roles, review, rounds. Pure: no clock, no randomness, no web, no database."""
