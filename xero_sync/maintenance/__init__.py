"""Once a day for each organisation: count, heal what differs, try again what was quarantined.

Nouns: the *daily count* (Xero's number of documents of each kind held against ours), *bisection*
(finding the weeks in which they differ), the organisation's *details* (its currency and time zone).
Healing is asked for as a run; nothing here reads documents itself.

Beside it goes the *mention pass*, which looks through stored documents for learners' numbers; it
asks Xero nothing.
"""
