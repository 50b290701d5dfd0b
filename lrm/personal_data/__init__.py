"""What is held on one learner: given out on request, and erased on request.

Nouns: a holding is what one app keeps of a learner; each app registers its own, so that the LRM
knows none of them, and says in words what of it stays and why. An export is one JSON document of
all holdings. An erasure deletes the learner with all that hangs on it, and leaves a tombstone: the
learner's number as a keyed hash, so that an old file does not bring the person back. What the
ledger in Xero has is Xero's, is mirrored here, and stays.
"""
