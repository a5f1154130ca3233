"""Whether the picture is live: frozen, played again, or fitted into a frame.

A process of the pool makes a thumbnail of each picture (`thumbnail`); the worker shows the thumbnails of a session in
the order of its frames to `watch`, a pure function from one state to the next. A state holds at most HISTORY_MS of
thumbnails, up to 150 KB. After a crash it begins empty: a stretch that is played again is then found only once both
plays lie behind the restart, and a frozen picture once it has stood still again for its time.
"""
