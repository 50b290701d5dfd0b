"""Staff's pages of documents: a learner's, a contact's, one document, the dashboard's part.

Nouns: the *learner page* and the *contact page* (all that one shows, put together with a fixed
number of queries), a *balance history* (how a balance came to be) and its *chart*, a *card* (a
place on the page of a document that apps above this one fill, see `panels`).

It owns what staff are shown and which right each page asks for. It never calls Xero, and decides
neither who is who nor what covers whom: it asks, and hands on what a person said.
"""
