"""Where pictures come from: video files, picture folders, cameras, RTSP streams and the synthetic exam.

`ingest.sources.opening.open_source` turns what a person typed into a Source; `ingest.sources.source` says what that is.
"""
