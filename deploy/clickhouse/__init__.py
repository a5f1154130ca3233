"""ClickHouse's HTTP protocol over one embedded chDB engine, so that the local stack needs no ClickHouse server.

In: HTTP requests of ClickHouse's ordinary clients on 127.0.0.1. Out: their answers.
Run: `python -m deploy.clickhouse FOLDER PORT`.
One process owns the data folder: chDB allows no second one, not even for reading.
Spoken: queries and DDL, inserts in any input format, bound parameters, settings (insert_deduplication_token too),
multipart forms, error codes, summaries, lz4, zstd, gzip, deflate and br in both directions, /ping.
Not spoken: sessions (temporary tables, SET that lasts), external data, users, progress headers.
How it fails: a bad statement gets ClickHouse's own error; a row is acknowledged only when its part is in the file
system, so kill -9 loses none that was acknowledged; a folder owned by another process ends it at the start.
"""
