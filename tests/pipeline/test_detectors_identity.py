"""`python -m detectors` with a key: a face is registered, compared, and forgotten at the session's end."""

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from detectors.identity.references import KafkaReferences
from detectors.messages import IdentityObserved
from ingest.kafka_log import KafkaWriter
from ingest.topics import partition_of
from tests.detector_pipeline import Listener, Sent, detector_on, header_of, picture

if TYPE_CHECKING:
    from deploy.stack.local import LocalStack

FRAMES = 40
SESSION = "anna"


async def test_a_face_is_registered_compared_and_forgotten(stack: "LocalStack", tmp_path: Path) -> None:
    """Also over a kill: the reference is read again, not made anew."""
    key = base64.b64encode(os.urandom(32)).decode()
    detector = await detector_on(stack.environment, "identity-", tmp_path, PROCTOR_IDENTITY_KEY=key)
    async with (
        KafkaWriter(stack.kafka, prefix="identity-") as writer,
        KafkaReferences(stack.kafka, prefix="identity-") as references,
        Listener(stack.kafka, "identity-") as listener,
    ):
        sent = Sent()
        with detector:
            for seq in range(FRAMES // 2):
                await sent.send(writer, header_of(SESSION, seq), picture(0))
            await listener.until(lambda: bool(_likenesses(listener)))
            kept = (await references.read(partition_of(SESSION)))[SESSION]
            detector.kill()
            detector.start()
            for seq in range(FRAMES // 2, FRAMES):
                await sent.send(writer, header_of(SESSION, seq), picture(0))
            await listener.until(lambda: any(one.seq >= FRAMES // 2 for one in _likenesses(listener)))
            assert (await references.read(partition_of(SESSION)))[SESSION] == kept
            await sent.send(writer, header_of(SESSION, FRAMES, end=True), b"")
            await listener.until(lambda: listener.ended() == {SESSION})
            assert detector.terminate() == 0
        assert await references.read(partition_of(SESSION)) == {}
    assert all(one.similarity > 0.9 for one in _likenesses(listener)), "it is the same picture"
    assert key not in detector.words()


def _likenesses(listener: Listener) -> list[IdentityObserved]:
    return [one for one in listener.said if isinstance(one, IdentityObserved)]
