"""One staged exam, from observations to verdict, as it was once judged: any change of a verdict must be meant.

When it is meant, `python -m tests.golden.test_staged_exam` writes the judgement anew; say why in the changelog.
"""

from pathlib import Path

import msgspec

from scoring.messages import ScoreSample
from tests.staged_exam import FOUR_RULES, Run, StagedExam, fold_all

JUDGEMENT = Path(__file__).parent / "staged-exam.jsonl"
EXAM = StagedExam(
    [
        Run("normal", 14),
        Run("away", 6),
        Run("normal", 16),
        Run("aside", 5),
        Run("dark", 2),
        Run("normal", 3),
        Run("absent", 4),
        Run("missing", 1.5),
        Run("normal", 4.5),
        Run("two", 4),
        Run("normal", 5),
        Run("phone", 7),
        Run("normal", 5),
        Run("closed", 4),
        Run("normal", 9),
    ]
)


def judged() -> bytes:
    """Every message but the samples of seconds in which nothing was wrong, one line of JSON each."""
    messages = fold_all(FOUR_RULES, EXAM.observations())[1]
    told = [message for message in messages if not isinstance(message, ScoreSample) or message.temporary]
    return b"".join(msgspec.json.encode(message) + b"\n" for message in told)


def test_the_staged_exam_is_judged_as_before() -> None:
    assert judged().decode() == JUDGEMENT.read_text(encoding="utf-8")


if __name__ == "__main__":
    JUDGEMENT.write_bytes(judged())
