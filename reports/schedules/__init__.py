"""Reports by e-mail on a schedule: made, paused and ended by people, sent by workers.

- `due_times` says when the next one is, by the portal's clock.
- `requests` is what people do; `contents` what a mail is about; `sendings` what workers do.

Beat wakes a worker. A due time becomes one `ReportSending`, whoever comes first; whoever leases it
makes the file once and mails it to each recipient who still has the right, a committed row each.
What is killed in between goes on with those who are left. A mail server takes a letter before we
can note that it did: who is killed just then sends that one letter again, under the same
Message-ID. A server that is away is tried again for a day, and the schedule's maker is told.
"""
