"""What scoring remembers of one session: small, private to this stage and packed as arrays.

Under 2 KB; a session with sound may take a quarter more. A change of the layout makes another version of the fold
(ENGINE), which never unpacks what this one packed. Points are integers in thousandths, so that sums do not depend on
their order. Parts are frozen; a session's state itself is changed only by the fold, and only in a copy of its own. What
is as it is for most people most of the time takes no room.
"""

from typing import Literal

import msgspec

from ingest.errors import PoisonError
from scoring.fold.course import NEVER, Alerts, Drops, Ending, Looks, Risk
from scoring.fold.evidence import History, Interval, Memory
from scoring.fold.person import Attention, Baseline, Calibrating, Hearing, View
from scoring.fold.recognition import Likeness
from scoring.rulebook.signals import Stream


class SessionState(msgspec.Struct, array_like=True, omit_defaults=True):
    """Everything scoring remembers of one session; `observations` digests what was folded, `policy` is a digest.

    `own`: what widens thresholds, by measure. `known`: milliseconds by group of the plan. `held`, `memories`,
    `histories`: by place of a rule or variant. `standing`: what the candidate's page says, as bits. `shift_ms`: what
    is added to capture times since a clock jumped. `odd`: what was odd about the log, counted. `announcements`: digests
    of the starts that were seen. `knows`: the labels, as bits, that an object model of the session knew. `hearing`:
    None in a session without sound. `phone_ms`: when a phone was last in view. `likeness`: None while no
    face was compared with the registered one. `cuts`: when the picture was another one at once, the first times.
    """

    session: str
    policy: str
    start_ms: int
    frame_interval_ms: int
    calibrating: Calibrating | None
    observations: bytes
    clock_ms: int
    ingested_ms: int
    known: tuple[int, ...]
    baseline: Baseline | None = None
    own: tuple[float, ...] = ()
    looks: dict[Stream, Looks] = {}
    held: dict[int, Interval] = {}
    memories: dict[int, Memory] = {}
    histories: dict[int, History] = {}
    view: View = View()
    risk: Risk = Risk()
    attention: Attention | None = None
    alerts: Alerts = Alerts()
    standing: int = 0
    drops: Drops = Drops()
    ending: Ending = Ending()
    models: tuple[str, ...] = ()
    odd: dict[str, int] = {}
    announced: bool = False
    announcements: tuple[bytes, ...] = ()
    shift_ms: int = 0
    samples: int = 0
    revision: int = 0
    closed_by: Literal["", "end", "silence"] = ""
    knows: int = 0
    hearing: Hearing | None = None
    sound_drops: Drops = Drops()
    phone_ms: int = 0
    likeness: Likeness | None = None
    cuts: tuple[int, ...] = ()

    @property
    def closed(self) -> bool:
        """A verdict was given, and nothing has come since."""
        return self.closed_by != ""

    def count(self, oddity: str) -> None:
        """Something odd about the log, once more; for the fold's own copy."""
        self.odd = {**self.odd, oddity: self.odd.get(oddity, 0) + 1}

    def looks_of(self, stream: Stream) -> Looks:
        """How the stream's detector has looked; a stream that was never seen: NEVER."""
        return self.looks.get(stream, NEVER)

    def is_open(self, place: int) -> bool:
        """An event of the rule is going on, counting or not."""
        return place in self.held and self.held[place].is_open

    @property
    def frames(self) -> int:
        """Frames that at least one detector looked at."""
        return max(self.looks_of("faces").frames, self.looks_of("objects").frames)


encode_state = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SessionState).decode


def decode_state(value: bytes) -> SessionState:
    """The state that `encode_state` packed.

    Raises: PoisonError when the bytes are of another layout.
    """
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PoisonError(f"unreadable session state: {error}") from error
