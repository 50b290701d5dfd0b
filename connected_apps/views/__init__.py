"""The pages below Settings > Connected Apps."""
