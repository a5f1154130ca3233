"""Second stage: frames in, observations out.

In: `frames`, `audio`; `references` for itself. Out: `observations` (faces with their pose, gaze and openness, picture
quality, persons; objects; hands; likeness; speech; frames and records given up).
Run: `python -m detectors`; settings in `detectors.settings`.
Parts: `worker` puts every frame into its partition's lane (`ordering`), `looks` ask the pool (`looking`) and Triton
(`objects`) side by side, `recollection` adds what a session's past tells (`liveness`, `identity`), `outbox` publishes
what is finished, each session in its order, and commits only what is acknowledged. `sound` does the same for `audio`.
`alone` is all of it but identity and sound without a log.
Fails: killed anywhere it repeats observations with the same bytes and loses none; but whether the picture lives, and at
which frames a face is compared, begin anew. A looking process that dies takes no
picture with it. While Triton or the broker is away, recorded frames wait; live ones are given up by age (`admission`),
evenly over sessions, and said so. Unreadable pictures go to dead-letters; when most are, the process stops.
"""
