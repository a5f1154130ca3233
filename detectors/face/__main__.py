"""One process of the face pool: pictures from standard input, readings to standard output, until the input ends.

It ends with its input, so that a worker killed with -9 leaves none behind; signals are the worker's business.
"""

import os
import signal
import sys
from typing import BinaryIO

from detectors.face.landmarks import FaceMesh, mesh_digest
from detectors.face.reading import FaceReading, read_picture
from detectors.face.wire import LENGTH, Ready, Unreadable, encode_reply
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
    mesh = FaceMesh()
    replies.write(encode_reply(Ready(model=mesh_digest())))
    while head := pictures.read(LENGTH.size):
        jpeg = pictures.read(LENGTH.unpack(head)[0])
        replies.write(encode_reply(_answer(mesh, jpeg)))


def _answer(mesh: FaceMesh, jpeg: bytes) -> FaceReading | Unreadable:
    try:
        return read_picture(mesh, jpeg)
    except PoisonError as error:
        return Unreadable(reason=str(error))


if __name__ == "__main__":
    main()
