"""Second stage: frames in, observations out.

In: `frames`. Out: `observations` (faces with their pose, gaze and openness; objects; picture quality; frames given up).
Run: `python -m detectors`.
Fails: publishes each partition in input order and commits only what is acknowledged, so that a killed worker repeats
observations and loses none; frames too old to matter are given up and said so; unreadable pictures go to dead-letters.
"""
