"""A PostgreSQL and a Valkey that start by themselves, for development and tests.

Nouns: a *directory* (where one pair keeps its files), a *holder* (a process that needs them), the
*keeper* (the process that stops them when the last holder is gone). Production never imports this
package: its addresses come from `DATABASE_URL` and `REDIS_URL`.
"""
