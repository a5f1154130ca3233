"""Stored sessions looked at again: replayed under another policy, verified against their verdicts, asked what if.

In: the tables, or the log itself. Out: verdicts of origin `replay` beside the live ones, and what differs. It writes
nothing else and reaches no candidate; what cannot be read or is no longer stored is an error that says so.
"""
