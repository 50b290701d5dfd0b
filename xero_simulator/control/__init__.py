"""Addresses under `/simulator/` by which tests look at and change what real users would."""
