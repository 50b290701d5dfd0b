"""What a stranger with bad intentions tries, one file a chapter."""
