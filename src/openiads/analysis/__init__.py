"""Products: what a Log or a table of outcomes says, computed."""
