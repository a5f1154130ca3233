"""The local stack: a real Kafka, a real Triton, ClickHouse's engine and the stages, supervised, without Docker or root.

In: an environment (addresses given, ports demanded, state folder) and the parts wanted. Out: addresses, logs, health.
Run: `proctor up | down | status | doctor`; `python -m deploy.stack prepare` fetches what a first start would fetch.
`lifecycle` has the functions behind these commands, `local` the same as an object for tests.
How it fails: a part that cannot start stops `up` with its name, the reason from its log and the way out; one that dies
later is started again with growing delays; the supervisor may be killed: the next `up` takes over what still runs.
"""
