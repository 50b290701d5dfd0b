"""Learners who sign in: to see their own documents, and for nothing else.

Nouns: a learner account is a user who belongs to no portal and is one learner; it is open while the
portal lets learners see their documents and the learner has the number and the e-mail address with
which they were invited. `own_learner` is the one place that says whether it is, and is asked with
every request; `invitations` makes accounts and ends them. No account is ever switched to another
learner: it is deleted, and another one made.
"""
