"""The version of the fold: part of every verdict's proof, since other code may come to other results."""

ENGINE = "5"
"""Rises with every change after which the same observations may give other messages."""
