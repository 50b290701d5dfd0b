"""What every call to one of Xero's addresses passes, before and after the service that answers it.

Nouns: a *call* (a request with its fault and its correlation id), a *service* (what runs the calls
below an address: the accounting API, the identity service, `/connections`), a *refusal* (an answer
given before anything is done). The gateway takes the fault, cuts, answers in Xero's place, stamps
and logs, and it checks bearers. It knows no organisation, limit or resource: services do.
"""
