"""Who sits there and who speaks, on joined sessions: recall, onset and false events of identity and sound.

Run: `proctor bench people`, with PROCTOR_DATASETS naming the folder that holds `videos/`, and PROCTOR_SPEECH a folder
of WAV files of recorded speech (voices are left out without it; the README's figures are of those in the source of
pocketsphinx, test/data). The sessions are put together anew each time, into reports/joined.
"""

import os
import sys
from pathlib import Path

from deploy.cli import exit_status
from tests.benchmarks.joined_sessions import write_people, write_voices

POLICY = Path(__file__).with_name("people.toml")
OUT = Path("reports/joined")
FPS = "5"


def main() -> int:
    """Run it where the clips are."""
    clips = Path(os.environ.get("PROCTOR_DATASETS", "")) / "videos"
    speech = Path(os.environ.get("PROCTOR_SPEECH", "no folder"))
    if not clips.is_dir():
        print(f"people: left out, there is no {clips}; set PROCTOR_DATASETS")
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    asked = [write_people(clips, OUT)]
    if speech.is_dir():
        asked.append(write_voices(clips, speech, OUT))
    else:
        print("voices: left out; set PROCTOR_SPEECH")
    return max(_evaluate(path) for path in asked)


def _evaluate(path: Path) -> int:
    folder = OUT / path.stem
    return exit_status(["evaluate", str(path), "--policy", str(POLICY), "--fps", FPS, "--out", str(folder)])


if __name__ == "__main__":
    sys.exit(main())
