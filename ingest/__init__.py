"""First stage: sources of pictures in, ordered logs of frames and session life out.

In: video files, picture folders, cameras, RTSP streams, the synthetic exam.
Out: `frames` (JPEG bytes, metadata in headers) and, on `observations`, when a session starts, ends or loses frames.
Run: `python -m ingest SOURCE`.
Fails: frames of a live source are dropped, oldest first and counted, when the broker is slow; everything else waits
for it. What cannot be read is refused in one line; a source that breaks off ends its session with what was read.
"""
