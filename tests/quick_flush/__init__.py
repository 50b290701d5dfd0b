"""An app whose only purpose is a quicker `flush`, the command that empties the database of a test.

It stands first in `INSTALLED_APPS` of the tests' settings, so that Django takes its command for
its own.
"""
