"""An RTSP stream from a server of our own, that speaks as much of the protocol as a camera must (RFC 2326 and 2250)."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from io import BufferedReader
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest.sources.opening import open_source
from ingest.sources.quiet import quiet

PACKET_BYTES = 7 * 188  # whole packets of a transport stream, below the size of an Ethernet frame
TRANSPORT_STREAM = 33
SDP = f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=c\r\nt=0 0\r\nm=video 0 RTP/AVP {TRANSPORT_STREAM}\r\na=control:track\r\n"


class RtspCamera:
    """Answers one client and sends it `video` (a transport stream) over the same connection, again and again."""

    def __init__(self, video: bytes) -> None:
        self._video = video
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://me:secret@127.0.0.1:{self._socket.getsockname()[1]}/door"
        self.transport = ""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            client, _ = self._socket.accept()
        except OSError:
            return
        with client, client.makefile("rb") as requests:
            try:
                while self._answer(client, requests.readline().decode(), self._headers(requests)):
                    pass
            except OSError:
                return

    def _headers(self, requests: BufferedReader) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := requests.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _answer(self, client: socket.socket, request: str, headers: dict[str, str]) -> bool:
        method = request.partition(" ")[0]
        body, extra = "", ""
        if method == "DESCRIBE":
            body, extra = SDP, "Content-Type: application/sdp\r\n"
        elif method == "SETUP":
            self.transport = headers["transport"]
            extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"RTSP/1.0 200 OK\r\nCSeq: {headers.get('cseq', 0)}\r\nSession: 1\r\n{extra}{length}\r\n"
        client.sendall((head + body).encode())
        if method == "PLAY":
            self._play(client)
        return method not in ("", "PLAY", "TEARDOWN")

    def _play(self, client: socket.socket) -> None:
        sequence = 0
        while True:
            for at in range(0, len(self._video), PACKET_BYTES):
                part = self._video[at : at + PACKET_BYTES]
                rtp = struct.pack(">BBHII", 0x80, TRANSPORT_STREAM, sequence & 0xFFFF, sequence * 900, 1) + part
                client.sendall(struct.pack(">BBH", 0x24, 0, len(rtp)) + rtp)
                sequence += 1

    def close(self) -> None:
        if self._thread.is_alive():
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[RtspCamera]:
    quiet()
    path = tmp_path / "camera.ts"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 25, (320, 240))
    random = np.random.default_rng(2)
    for _ in range(50):
        writer.write(np.kron(random.integers(0, 255, (24, 32, 3), dtype=np.uint8), np.ones((10, 10, 1), np.uint8)))
    writer.release()
    with closing(RtspCamera(path.read_bytes())) as running:
        yield running


def test_stream_is_read_over_tcp_as_it_comes(camera: RtspCamera) -> None:
    source = open_source(camera.address)
    with closing(source):
        assert (source.kind, source.live, source.expected_frames, source.duration_ms) == ("rtsp", True, None, None)
        assert "secret" not in source.name
        pictures = list(islice(source, 20))
    assert "TCP" in camera.transport
    assert {p.bgr.shape for p in pictures} == {(240, 320, 3)}
    times = [p.capture_offset_ms for p in pictures]
    assert times == sorted(times)
