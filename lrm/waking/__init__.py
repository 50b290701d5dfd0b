"""Waking workers: a message that there are rows to work on, which may be lost.

Nouns: a *worker task* (a Celery task by its name, and its queue), to *wake* (after commit), the
*sender* (a thread of its own, so that nobody waits for the broker), the *consumer* (a worker that
outlives its broker), the *broker's connections* (made anew where they lead to a replica), the
*stop* (a byte that tells the turns of a worker to end).

Messages carry ids and no work. It never knows what is worked on, and nothing depends on a message
that arrives: beat wakes again for every row that waits.
"""
