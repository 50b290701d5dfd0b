"""Who a portal is connected to: consent, tokens, states, disconnecting, and the settings page.

Nouns: a *grant* (one person's consent with its tokens), an *organisation* (a Xero tenant as one
portal knows it), a *connection* (a portal's link to one app, through a grant to an organisation),
its *generation* (it rises whenever work begun before must stop).

It keeps who and whether, never what: documents and contacts belong to the apps above it.
"""
