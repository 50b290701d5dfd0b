"""Observers: services outside that are told how the product works, where an operator names one.

Nouns: a *trace* (what one cause had done, from process to process, told to a receiver of
OpenTelemetry), a *span* (one step of it: an answer, a task's turn, a statement, a call to Xero), a
*fault report* (an error that nobody expected, told to Sentry).

They are told what the product did and how long it took, and never with what: whatever leaves is
made anew from a short list of what may be said, so that what a library adds stays here. Where no
address is set nothing is imported. An observer that is away or hangs delays nobody: sending is
done by threads of its own, from queues that end, and a process that stops waits for seconds at
most.
"""
