"""What happens in the sample exam, and the terms that it is judged by."""

from dataclasses import dataclass
from hashlib import blake2b

from scoring.messages import Counterfactual, Direction

DOCUMENT = (
    '{"calibration":{"spreads":4.0,"widest":1.5},"name":"default","rules":{'
    '"looking_away":{"hold_ms":3000,"kind":"held","says":"Looked away","when":['
    '{"at_least":25.0,"signal":"head_yaw","until":15.0},{"at_least":0.07,"signal":"gaze_x"}]},'
    '"multiple_faces":{"hold_ms":2000,"kind":"held","says":"Several faces in the picture",'
    '"when":[{"at_least":2.0,"signal":"face_count"}]},'
    '"no_face":{"hold_ms":2000,"kind":"held","says":"No face in the picture",'
    '"when":[{"at_most":0.0,"signal":"face_count"}]},'
    '"phone":{"hold_ms":5000,"kind":"held","says":"Phone in view","when":[{"at_least":0.5,"signal":"object:phone"}]},'
    '"talking":{"kind":"share","says":"Talked","share":0.6,"when":[{"at_least":0.5,"signal":"speech"}],"window_ms":10000}}}'
)
POLICY = blake2b(DOCUMENT.encode(), digest_size=8).hexdigest()
ALLOWED = "reads questions aloud"
ACCOMMODATIONS = f'[{{"kind":"rules_off","reason":"{ALLOWED}","rules":["talking"]}}]'
FRAME_MS = 500
SECONDS = 90
BLIND = range(52, 57)  # seconds in which the picture was too dark for faces
PARTITION = 3


@dataclass(frozen=True, slots=True)
class Episode:
    """One event of the script: what the rule would say."""

    rule: str
    start_s: float
    end_s: float
    signal: str
    threshold: float
    peak: float
    hold_ms: int
    points: float
    permanent: bool = False
    label: str = ""
    direction: Direction = ""
    confidence: float = 1.0
    held_ms: int = 0
    suppressed: str = ""
    unless: Counterfactual | None = None


EPISODES = (
    Episode(
        "looking_away", 18.0, 24.5, "head_yaw", 25.0, 41.3, 3000, 6.0, label="looking_away", direction="right",
        confidence=0.96, held_ms=6250, unless=Counterfactual(field="threshold", value=41.3001),
    ),
    Episode(
        "no_face", 30.0, 34.0, "face_count", 0.0, 0.0, 2000, 5.0, label="absent", held_ms=4000,
        unless=Counterfactual(field="hold_ms", value=4001),
    ),
    Episode(
        "multiple_faces", 41.0, 45.0, "face_count", 2.0, 2.0, 2000, 10.0, label="another_person", held_ms=4000,
        unless=Counterfactual(field="hold_ms", value=4001),
    ),
    Episode(
        "phone", 61.5, 69.0, "object:phone", 0.5, 0.87, 5000, 15.0, permanent=True, label="phone", confidence=0.84,
        held_ms=7250, unless=Counterfactual(field="hold_ms", value=7251),
    ),
)  # fmt: skip
SUPPRESSED = Episode(
    "talking", 71.0, 84.0, "speech", 0.6, 0.8, 0, 4.0, label="talking", held_ms=9000, suppressed=ALLOWED,
    unless=Counterfactual(field="share", value=0.8001),
)  # fmt: skip
