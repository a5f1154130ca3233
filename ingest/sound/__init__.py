"""Sound of a source: read from its track, cut into records of a second, sent in step with the pictures.

A source without sound is no error, and sound that cannot be read ends no session: it is missing evidence, named and
counted. Sound never holds pictures up: it follows them, from a thread of its own.
"""
