"""What programs read and do about the sync, below `/api/v1/`: learners, the connection, re-syncs.

Rights and rules are those of the pages; how an address answers is the frame's, `lrm.rest`.
"""
