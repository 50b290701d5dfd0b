"""Report #0443: learners to invoice. Who has no invoice in Xero yet, and why, as far as is known.

- *to invoice*: a learner without an approved invoice, neither on a contact that is the learner nor
  on a payer's that covers them.
- *billed to somebody else*: without one of their own, but covered by a payer's
  (`invoices.covering.covers`).
- *reason*: what stands in the way, such as a question about the contact, or what there is instead.

It reads what is stored here, so it is as complete as the documents are: whoever shows it says how
complete that is, and calls nobody "not invoiced" without. It changes nothing.
"""
