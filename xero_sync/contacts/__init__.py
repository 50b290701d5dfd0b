"""Learners on their way to Xero: what is sent, in which calls, and what became of it.

Nouns: a *push* (what one learner still needs to reach Xero; at most one row a learner), a *batch*
of up to 50 in one call, a *contact link* (the pairing of a learner with a contact; `store` keeps
it). A lost reply is looked up before anything is sent again, and what Xero refuses waits, with
Xero's own words, for a person.
"""
