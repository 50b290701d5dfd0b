"""The people of a portal: who may sign in, what each may do, and what each says of themselves.

Portal admins invite, change rights, switch off and on, and send links by which a person sets a
password; nobody ever sets one for somebody else. Whoever it concerns changes their own name,
address and password. Every act stands in the portal's changes, and none leaves a portal without an
admin who can sign in: `first_portal` makes a portal together with its first one.
"""
