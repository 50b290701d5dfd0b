"""The card of a connected app on the settings page: its words, and facts that other apps add.

It draws what `states` and the registered facts say; it decides nothing.
"""
