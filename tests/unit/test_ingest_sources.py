"""Sources of pictures, the bad ones above all: each must end in one clear line or in what can be read of it."""

import re
import socket
import struct
import subprocess
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ingest.errors import InputError
from ingest.sources.camera import RtspStream
from ingest.sources.container import unreadable_path
from ingest.sources.folder import PictureFolder
from ingest.sources.opening import open_source
from ingest.sources.quiet import quiet
from ingest.sources.source import Source
from ingest.sources.synthetic import exam_path
from ingest.sources.video import VideoFile

SIZE = (64, 48)


def write_video(
    path: Path, fps: float = 10, frames: int = 40, size: tuple[int, int] = SIZE, codec: str = "mp4v"
) -> Path:
    quiet()
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), fps, size)
    assert writer.isOpened()
    random = np.random.default_rng(3)
    for _ in range(frames):
        writer.write(random.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    writer.release()
    return path


def write_picture(path: Path, height: int = 48, width: int = 64) -> Path:
    assert cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))
    return path


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def offsets(source: Source) -> list[int]:
    with closing(source):
        return [picture.capture_offset_ms for picture in source]


def refusal(spec: str | Path) -> InputError:
    with pytest.raises(InputError) as caught:
        open_source(str(spec))
    return caught.value


def empty(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def text(folder: Path) -> Path:
    (folder / "notes.mp4").write_text("this is a list of things to do")
    return folder / "notes.mp4"


def playlist(folder: Path) -> Path:
    (folder / "list.mp4").write_text("#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n")
    return folder / "list.mp4"


def without_index(folder: Path) -> Path:
    return cut(write_video(folder / "cut.mp4"), 0.6)


def head_alone(folder: Path) -> Path:
    return cut(write_video(folder / "cut.mkv"), 0.01)


def sound(folder: Path) -> Path:
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    return folder / "sound.wav"


def sound_in_mp4(folder: Path) -> Path:
    handler = struct.pack(">I4sII4s12x", 33, b"hdlr", 0, 0, b"soun") + b"\0"
    boxes = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
    for name in (b"mdia", b"trak", b"moov"):
        handler = struct.pack(">I4s", len(handler) + 8, name) + handler
    (folder / "sound.mp4").write_bytes(boxes + handler)
    return folder / "sound.mp4"


def tiny(folder: Path) -> Path:
    return write_video(folder / "tiny.avi", size=(16, 16), codec="MJPG")


def missing(folder: Path) -> Path:
    return folder / "nowhere.mp4"


def behind_a_file(folder: Path) -> Path:
    return text(folder) / "inside.mp4"


def no_pictures(folder: Path) -> Path:
    text(folder)
    return folder


def huge_picture(folder: Path) -> Path:
    head = struct.pack(">I4sIIBBBBB", 13, b"IHDR", 20_000, 20_000, 8, 2, 0, 0, 0)
    (folder / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + bytes(4))
    return folder


def pixel(folder: Path) -> Path:
    write_picture(folder / "pixel.png", 1, 1)
    return folder


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (empty, "is empty"),
        (text, "is not a video"),
        (playlist, "is not a video"),
        (without_index, "cut off before its index"),
        (head_alone, "is no video, or one that was cut off"),
        (sound, "sound only"),
        (sound_in_mp4, "sound only"),
        (tiny, "16x16 px show nothing"),
        (missing, "does not exist"),
        (behind_a_file, "cannot be read: Not a directory"),
        (no_pictures, "holds no picture"),
        (huge_picture, "20000x20000 px are too many"),
        (pixel, "1x1 px show nothing"),
    ],
)
def test_bad_input_is_refused_with_what_why_and_the_way_out(
    make: Callable[[Path], Path], says: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = make(tmp_path)
    error = refusal(bad)
    assert error.what == str(bad)
    assert says in error.why
    assert error.mend
    assert "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    error = unreadable_path(tmp_path / "a.mp4", PermissionError(13, "Permission denied"))
    assert "may not be read by this user" in error.why


@pytest.mark.parametrize("spec", ["camera:one", "camera:", "exam:-1", "exam:x"])
def test_numbers_in_specs(spec: str) -> None:
    assert "whole number" in refusal(spec).why


def test_no_camera() -> None:
    assert refusal("camera:93").why == "does not answer"


def test_rtsp_without_a_server_keeps_the_password() -> None:
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    error = refusal(f"rtsp://me:secret@127.0.0.1:{port}/door")
    assert error.why == "does not answer"
    assert "secret" not in str(error)


def test_rtsp_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/door"
        with pytest.raises(InputError, match="does not answer"):
            RtspStream(address, answer_ms=300)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm", "a.avi"])
def test_containers(name: str, tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / name, codec="VP80" if name.endswith("webm") else "mp4v")))
    assert (source.kind, source.name, source.live, source.expected_frames) == ("file", name, False, 40)
    assert offsets(source) == list(range(0, 4000, 100))
    assert (source.elapsed_ms, source.failure) == (4000, None)


def test_only_wanted_pictures_are_decoded(tmp_path: Path) -> None:
    with closing(open_source(str(write_video(tmp_path / "a.mp4")))) as source:
        pictures = list(source.sampled(lambda offset: offset % 500 == 0))
    assert [p.capture_offset_ms for p in pictures] == list(range(0, 4000, 500))
    assert {p.bgr.shape for p in pictures} == {(48, 64, 3)}
    assert len({p.bgr.tobytes() for p in pictures}) == 8


@pytest.mark.parametrize("name", ["cut.mkv", "cut.avi"])
def test_cut_off_video_gives_what_there_is_and_says_so(name: str, tmp_path: Path) -> None:
    source = open_source(str(cut(write_video(tmp_path / name, codec="MJPG"), 0.6)))
    read = offsets(source)
    assert 10 <= len(read) < 30
    assert source.failure is not None
    assert "breaks off after" in source.failure


def test_container_that_says_1000_fps_is_taken_at_its_timestamps(tmp_path: Path) -> None:
    source = open_source(str(write_video(tmp_path / "fast.mp4", fps=1000)))
    assert offsets(source) == list(range(40))
    assert (source.elapsed_ms, source.failure) == (40, None)


def test_container_that_says_0_fps_is_read_to_its_end(tmp_path: Path) -> None:
    data = bytearray(write_video(tmp_path / "zero.avi", codec="MJPG").read_bytes())
    stream, rate = data.index(b"strh"), data.index(b"avih")
    data[stream + 28 : stream + 36] = bytes(8)
    data[rate + 8 : rate + 12] = bytes(4)
    (tmp_path / "zero.avi").write_bytes(data)
    assert offsets(open_source(str(tmp_path / "zero.avi"))) == list(range(0, 1600, 40))


def test_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    first, *rest = (Image.fromarray(random.integers(0, 255, (48, 64, 3), dtype=np.uint8)) for _ in range(5))
    durations = [100, 900, 50, 2000, 100]
    first.save(tmp_path / "a.gif", save_all=True, append_images=rest, duration=durations)
    assert offsets(open_source(str(tmp_path / "a.gif"))) == [0, 100, 1000, 1050, 3050]


def test_folder_in_natural_order_leaves_out_what_cannot_be_used(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        write_picture(tmp_path / f"shot{number}.jpg", width=60 + number)
    cut(write_picture(tmp_path / "shot3.jpg"), 0.5)
    text(tmp_path)
    source = PictureFolder(tmp_path)
    pictures = list(source)
    assert [(p.capture_offset_ms, p.bgr.shape[1]) for p in pictures] == [(0, 61), (500, 62), (1500, 70)]
    assert pictures[0].original_jpeg == (tmp_path / "shot1.jpg").read_bytes()
    assert source.unreadable is not None
    assert (source.unreadable.count, source.unreadable.from_offset_ms) == (1, 1000)
    assert source.elapsed_ms == 2000


def test_folder_whose_first_pictures_are_bad_is_used(tmp_path: Path) -> None:
    cut(write_picture(tmp_path / "a.png"), 0.5)
    write_picture(tmp_path / "b.png")
    assert offsets(open_source(str(tmp_path))) == [500]


@pytest.mark.parametrize("name", ["a.mp4", "folder"])
def test_stop_ends_the_pictures_without_a_failure(name: str, tmp_path: Path) -> None:
    source: Source
    if name == "folder":
        for number in range(5):
            write_picture(tmp_path / f"{number}.png")
        source = PictureFolder(tmp_path)
    else:
        source = VideoFile(write_video(tmp_path / name))
    with closing(source):
        pictures = source.sampled(lambda _: True)
        assert len(list(islice(pictures, 2))) == 2
        source.stop()
        assert list(pictures) == []
    assert source.failure is None


class MotionJpegServer:
    """An HTTP server whose stream of pictures breaks off after `frames` of them, as often as it is asked."""

    def __init__(self, frames: int) -> None:
        picture = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
        part = b"--p\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture) + picture + b"\r\n"
        self._answer = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=p\r\n\r\n" + part * frames
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.asked = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                self.asked += 1
                client.recv(4096)
                client.sendall(self._answer)

    def close(self) -> None:
        if self._thread.is_alive():
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._socket.close()


@pytest.fixture
def stream() -> Iterator[MotionJpegServer]:
    with closing(MotionJpegServer(frames=20)) as server:
        yield server


def test_lost_stream_is_opened_again_and_given_up_when_it_stays_away(stream: MotionJpegServer) -> None:
    source = RtspStream(stream.address, return_s=1.0)
    with closing(source):
        pictures = source.sampled(lambda _: True)
        read = []
        while stream.asked < 2:
            read.append(next(pictures).capture_offset_ms)
        stream.close()
        read += [p.capture_offset_ms for p in pictures]
    assert read == sorted(read)
    assert source.failure == f"{stream.address} gave no picture for 1 s"


def test_exam_that_is_rendered_already_is_read_like_a_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.exam import schedule, truth, video  # slow to import

    monkeypatch.setenv("PROCTOR_EXAM_CACHE", str(tmp_path))
    exam, path = schedule.demo_schedule(3), write_video(exam_path(3, tmp_path))
    truth.write_truth(exam, truth.truth_path(path))
    path.with_suffix(".digest").write_text(video._mark_of(exam))
    source = open_source("exam:3")
    assert (source.kind, source.name) == ("synthetic", "exam:3")
    assert offsets(source) == list(range(0, 4000, 100))


def test_command_says_one_line_about_bad_input(tmp_path: Path) -> None:
    bad = without_index(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "ingest", str(bad)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert "cut off before its index" in ran.stderr


def test_a_video_goes_on_behind_pictures_that_cannot_be_decoded(tmp_path: Path) -> None:
    """A second of damage costs a second: without going on, everything behind it would be lost."""
    path = tmp_path / "damaged.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for grey in range(40):
        writer.write(np.full((240, 320, 3), 5 * grey, np.uint8))
    writer.release()
    data = bytearray(path.read_bytes())
    pictures = [found.start() + 8 for found in re.finditer(b"00dc....\xff\xd8", data, re.DOTALL)]
    for start in pictures[10:30]:
        length = int.from_bytes(data[start - 4 : start], "little")
        data[start : start + length] = bytes(length)
    path.write_bytes(data)
    with closing(open_source(str(path))) as source:
        seen = offsets(source)
    assert len(pictures) == 40
    assert seen[-1] == 3900
    assert len(seen) == 20
