"""A learner's own page: their documents, read only, for the learner.

Nouns: *own documents* (narrower than what staff see of the same learner), *own words* (how fresh
they are, for somebody who knows no sync).

It owns what a learner may see here. It takes no id of a learner from anywhere: who asks is who is
shown. It writes nothing and says nothing of anybody else.
"""
