"""The contacts page: who is who between learners and Xero, and what waits for a person.

Nouns: a *tab* (one of the questions the page answers), a *key* (a learner, a contact or both: what
a row of a tab is about, and what its check box names), a *listing* (the rows of a tab that match
what was searched for), a *row* (a key with both sides as people compare them), a *suggestion* (a
pair that nobody linked but that looks alike), an *act* (what a person does to some keys).

It reads rows of many tables and owns none. What the acts do is `contacts`' and `store`'s business.
"""
