"""Reports over what is stored: pages, CSV, workbooks, JSON, and mails on a schedule.

#0442 lists documents, #0443 (`uninvoiced`) learners without an invoice. They change nothing but
what they keep of their own: who is mailed which report, and when (`schedules`).
"""
