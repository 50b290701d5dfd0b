"""Once a day for each organisation: count, heal what differs, try again what was quarantined.

Nouns: the *daily count* (Xero's number of documents of each kind held against ours), *bisection*
(finding the weeks in which they differ), a *full reading* (an open document read anew although
nothing says that it changed), a *balance* (what a contact owes by Xero's own figure), the
organisation's *details* (its currency and time zone). Healing is asked for as a run.

Beside it goes the *mention pass*, which looks through stored documents for learners' numbers; it
asks Xero nothing.
"""
