"""Sound: records of `audio` in, what was heard in each of them out.

`voice` tells speech from other sound (with Silero VAD), `worker` takes records from the log and publishes
SpeechObserved in order, losing nothing. Who speaks is no question of sound alone: scoring knows the mouth.
"""
