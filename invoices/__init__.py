"""Documents and contacts as the LRM keeps them, and their pages. It never calls Xero."""
