"""The signals of the candidate's page: what it last said of itself stands until it says something else."""

from ingest.messages import BrowserReported
from scoring.rulebook.signals import BROWSER_SIGNS, MOMENTARY


def browser_values(standing: int) -> list[float | None]:
    """In the order of the slots; bit n of `standing` is slot n."""
    return [float(standing >> place & 1) for place in range(len(BROWSER_SIGNS))]


def standing_after(standing: int, report: BrowserReported) -> tuple[int, int]:
    """What the page says now, and what of it still stands at its next report."""
    if report.sign == "alive":
        return standing, standing
    bit = 1 << BROWSER_SIGNS.index(report.sign)
    now = standing | bit if report.on else standing & ~bit
    return now, now & ~bit if report.sign in MOMENTARY else now
