"""The voice finder without a log: one session's records of sound in, what a worker would publish of them out."""

from dataclasses import dataclass, field

from detectors.messages import SpeechObserved
from detectors.ordering import Slot
from detectors.sound.voice import VoiceFinder
from detectors.sound.worker import SoundFrame, speech_observed
from ingest.log import Record
from ingest.messages import SoundHeader
from ingest.topics import AUDIO


@dataclass(slots=True)
class AloneWithSound:
    """In this process; for one thread."""

    voice: VoiceFinder = field(default_factory=VoiceFinder)

    def listen(self, session: str, seq: int, end_ms: int, pcm: bytes) -> SpeechObserved:
        """What is published of record number `seq`, which ends at `end_ms` of capture time.

        Raises: PoisonError when it is no sound.
        """
        header = SoundHeader(session=session, seq=seq, capture_ms=end_ms, ingested_ms=end_ms)
        frame = SoundFrame(Record(AUDIO, 0, seq, None, pcm, (), end_ms), header, Slot(seq))
        return speech_observed(frame, self.voice.look(pcm), self.voice.digest)
