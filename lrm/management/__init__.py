"""Commands of the LRM."""
