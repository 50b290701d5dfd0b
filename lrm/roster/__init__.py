"""Learners: their fields, saving one or many, the list, its search, and *Sync to Xero* in bulk.

Nouns: a learner's *details* (what a person types, checked in `learner_fields` for the form and for
imports alike), a *batch* (many learners saved in one transaction as each would be alone), the
*words* that a search finds a learner by, a *tick* (*Sync to Xero*).

It owns every write to a learner: each is audited, and told by `lrm.signals` in its own transaction.
It never knows who listens, and never speaks to Xero. What erases a learner is `lrm.personal_data`.
"""
