"""Who signs in, how often they may try, and when their sessions end.

Nouns: an attempt is one press of the button; a count is how many attempts an account, an address,
or both together have had lately. Counts are rows, so that every web process knows them and no
restart forgets them; they hold a hash, nothing that anybody typed. A session ends by the clock, and
with every change of its person's password or rights.

A second factor is asked after the password: a code of an authenticator app, or a passkey; a
recovery code stands in for either once. Between the two steps nobody is signed in. There is no way
in beside these.
"""
