"""The sixteen labels of an exam, each with its one stated origin: an object class, a signal, or a rule over several.

The list is that of the interview-proctoring article that the product's taxonomy follows. What an object class can be
seen by depends on the model that is served; `scoring.messages.Verdict.blind` says it for a session.
"""

from dataclasses import dataclass
from typing import Literal

Origin = Literal["object", "signal", "rule"]


@dataclass(frozen=True, slots=True)
class ExamLabel:
    """One label. `source` says its origin in words; `objects`: classes that show it; `rules`: of the default policy.

    A label without rules is what is left when no rule fires.
    """

    name: str
    origin: Origin
    source: str
    rules: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()


EXAM_LABELS = (
    ExamLabel("phone", "object", "object class", ("phone",), ("phone",)),
    ExamLabel("earbuds", "object", "object classes", ("earbuds",), ("earbuds", "headphones")),
    ExamLabel("smartwatch", "object", "object class", ("second_device",), ("smartwatch",)),
    ExamLabel("notes", "object", "object classes", ("notes",), ("notes", "book")),
    ExamLabel(
        "another_person",
        "rule",
        "number of faces, or a second object of class person",
        ("multiple_faces", "another_person"),
        ("person",),
    ),
    ExamLabel("laptop", "object", "object class", ("second_device",), ("laptop",)),
    ExamLabel(
        "second_screen", "object", "object class; the page's report", ("second_device", "second_display"), ("screen",)
    ),
    ExamLabel("calculator", "object", "object class", ("second_device",), ("calculator",)),
    ExamLabel("pen", "object", "object class, a part of cheating", ("cheating",), ("pen",)),
    ExamLabel(
        "looking_away",
        "signal",
        "where head and eyes look together; a person whose face is turned away",
        ("looking_away",),
    ),
    ExamLabel("looking_forward", "signal", "neither head nor eyes turned: attention is Focused"),
    ExamLabel("peeking", "signal", "short glances to one side, again and again", ("peeking_left", "peeking_right")),
    ExamLabel("talking", "signal", "a mouth that moves", ("talking",)),
    ExamLabel("hand_gesture", "signal", "a hand that signals", ("hand_signal",)),
    ExamLabel("normal", "rule", "no event is going on"),
    ExamLabel("cheating", "rule", "somebody else, a pen and notes within ten seconds", ("cheating",), ("pen", "notes")),
)
