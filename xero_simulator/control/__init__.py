"""Addresses under `/simulator/` by which tests see and change what real users would.

The words of its JSON are a contract with tests and people: `act`, `spoiled`, `drift`, `chance` stay
whatever the code behind them calls the same thing.
"""
