"""`python -m detectors.looking [--identity [MODEL]]`: one process of the pool.

Pictures from standard input, readings to standard output, until the input ends.

It ends with its input, so that a worker killed with -9 leaves none behind; signals are the worker's business.
"""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from detectors.identity.recogniser import open_recogniser
from detectors.looking.eyes import Eyes
from detectors.looking.reading import Asked, PictureReading
from detectors.looking.wire import LENGTH, Ready, Unreadable, decode_asked, encode_reply
from ingest.errors import PoisonError


def main() -> None:
    """Serve standard input. What libraries print goes to standard error: standard output is the wire."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wire = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(_eyes(sys.argv[1:]), sys.stdin.buffer, wire)


def _eyes(arguments: list[str]) -> Eyes:
    """`--identity` has faces compared, by the ArcFace network MODEL or the one that ships."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--identity", nargs="?", const="", metavar="MODEL")
    model = parser.parse_args(arguments).identity
    return Eyes(None if model is None else open_recogniser(Path(model) if model else None))


def serve(eyes: Eyes, pictures: BinaryIO, replies: BinaryIO) -> None:
    """Answer every picture in order."""
    replies.write(encode_reply(Ready(models=eyes.models)))
    while head := pictures.read(LENGTH.size):
        asked = decode_asked(pictures.read(LENGTH.unpack(head)[0]))
        replies.write(encode_reply(_answer(eyes, asked)))


def _answer(eyes: Eyes, asked: Asked) -> PictureReading | Unreadable:
    try:
        return eyes.look(asked)
    except PoisonError as error:
        return Unreadable(reason=str(error))


if __name__ == "__main__":
    main()
