"""Programs that the figures start as processes of their own; each prints one line of JSON."""
