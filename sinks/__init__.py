"""Last stage: observations and risk events in, queryable rows and reports out.

In: `observations`, `risk-events`, `shadow-events`. Out: ClickHouse tables; HTML and JSON reports read from them.
Run: `python -m sinks`.
Fails: inserts, then commits; rows have deterministic keys, so that a repeated batch changes nothing.
"""
