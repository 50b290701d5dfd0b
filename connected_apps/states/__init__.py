"""The states of a connection: one table of what is possible, one function that moves, who is told.

Nouns: a *trigger* (what happened), a *transition* (the state it leads to). Every move is audited in
its own transaction.
"""
