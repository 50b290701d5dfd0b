"""What the webhook view is held against: a view that does nothing but insert one row."""
