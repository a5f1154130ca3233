"""Policies: how they are written, read, checked, explained, and made ready to run; what a person is allowed."""
