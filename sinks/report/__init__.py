"""Reports of one session, read from the tables: a JSON document for programs, a page that stands alone for people.

`reading` reads, `assembly` puts together, `document` and `page` write; all but `reading` are pure.
"""
