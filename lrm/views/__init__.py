"""The pages of the LRM itself."""
