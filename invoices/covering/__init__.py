"""Documents billed to one and meant for another: an employer's invoice for a learner's course.

Nouns: a *payer* (a contact that may pay for a learner without being one), a *named number* (what a
document's text may mean a learner by), a *suggestion* (a document that may cover a learner, for a
person to say), a *cover* (what that person said).

It owns the index of named numbers and every answer with who and when. It never decides by itself
that a document covers somebody, and what covers a learner never counts in the learner's balance.
"""
