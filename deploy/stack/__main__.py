"""`python -m deploy.stack prepare` fetches Kafka's jars; `supervise FOLDER` is the process that `up` starts."""

import os
import sys


def main(arguments: list[str]) -> int:
    """Exit status: 0, 1 when something cannot be had, 2 for bad usage."""
    if arguments[:1] == ["supervise"] and len(arguments) == 2:
        return supervise_detached(arguments[1])
    if arguments == ["prepare"]:
        return prepare_here()
    print(__doc__, file=sys.stderr)
    return 2


def supervise_detached(folder: str) -> int:
    """Leave the caller at once; go on in a session of our own."""
    if os.fork():
        os._exit(0)
    os.setsid()
    import asyncio
    from pathlib import Path

    from deploy.stack.folder import StateFolder
    from deploy.stack.supervisor import supervise

    asyncio.run(supervise(StateFolder(Path(folder))))
    return 0


def prepare_here() -> int:
    """Fetch what a first start would fetch, saying what is done."""
    from deploy.stack.lifecycle import prepare
    from ingest.errors import ProctorError

    try:
        prepare(lambda step, message: print(f"{step}: {message}", flush=True))
    except ProctorError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
