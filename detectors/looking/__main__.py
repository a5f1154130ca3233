"""One process of the pool: pictures from standard input, readings to standard output, until the input ends.

It ends with its input, so that a worker killed with -9 leaves none behind; signals are the worker's business.
"""

import os
import signal
import sys
from typing import BinaryIO

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
    serve(sys.stdin.buffer, wire)


def serve(pictures: BinaryIO, replies: BinaryIO) -> None:
    """Answer every picture in order."""
    eyes = Eyes()
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
