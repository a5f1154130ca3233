"""The synthetic exam: a scripted webcam recording of nobody, with exactly known behaviour.

In: a schedule of episodes and a seed.
Out: pictures (640x480, 10 a second), or a video file and its truth beside it.
Use: `render_to_file(demo_schedule(), path, cache_dir)`; `render(schedule, cache_dir)` for pictures alone, under another
skin, light, distance or with glasses with `condition=`.
Fails: `ScheduleError` names what is wrong with a schedule; a video has another name until it is whole.

The skin and the relief of the face come from the picture `skimage.data.astronaut()` (NASA, public domain). Proportions,
skin tone, eyes, hair and clothing are others, by seed, so that the face belongs to nobody; every picture is captioned.
The exam calibrates and exercises the pipeline. It says nothing about accuracy on real people.
"""
