"""When a part is started again, and when one that lives is given up: decisions from times alone."""

from dataclasses import dataclass

# One death may be bad luck (a port taken meanwhile); for who dies three times in a row `up` waits no longer.
HOPELESS_FAILURES = 3


@dataclass(frozen=True, slots=True)
class RestartRule:
    """Times in seconds. The first restart comes at once: a kill costs little; who keeps dying waits longer."""

    delays_s: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
    steady_s: float = 60.0  # who lived this long has recovered: its next death counts as the first
    silent_s: float = 30.0  # no answer at all for this long: hung, and ended
    unwell_s: float = 180.0  # answers, and is not well though all it needs is: ended

    def failures_after(self, failures: int, lived_s: float) -> int:
        """Deaths in a row, this one included."""
        return 1 if lived_s >= self.steady_s else failures + 1

    def delay_s(self, failures: int) -> float:
        """How long to wait before the start that follows so many deaths in a row."""
        if failures == 0:
            return 0.0
        return self.delays_s[min(failures, len(self.delays_s)) - 1]


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of a living part: monotonic seconds of its start, its last answer and its last good answer."""

    started_s: float
    answered_s: float
    well_s: float
    was_ready: bool = False

    def answered(self, now_s: float, well: bool) -> "Pulse":
        """After an answer."""
        return Pulse(self.started_s, now_s, now_s if well else self.well_s, self.was_ready or well)


def born(now_s: float) -> Pulse:
    return Pulse(now_s, now_s, now_s)


def why_end(rule: RestartRule, pulse: Pulse, now_s: float, start_deadline_s: float, needs_ready: bool) -> str | None:
    """The reason for ending a living part, or None."""
    if not pulse.was_ready:
        late = now_s - pulse.started_s >= start_deadline_s
        return f"not ready {start_deadline_s:.0f} s after its start" if late else None
    if now_s - pulse.answered_s >= rule.silent_s:
        return f"no answer for {rule.silent_s:.0f} s"
    if needs_ready and now_s - pulse.well_s >= rule.unwell_s:
        return f"not well for {rule.unwell_s:.0f} s"
    return None
