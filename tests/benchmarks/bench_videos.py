"""Real webcam clips against what is known to happen in them: `proctor evaluate` on the clips of `clips.csv`.

Run: `proctor bench videos`, with PROCTOR_DATASETS naming the folder that holds `videos/` (left out when there is none).
"""

import os
import sys
from pathlib import Path

from deploy.cli import exit_status

ANNOTATIONS = Path(__file__).with_name("clips.csv")


def main() -> int:
    """Run it where the clips are."""
    folder = Path(os.environ.get("PROCTOR_DATASETS", "")) / "videos"
    if not folder.is_dir():
        print(f"videos: left out, there is no {folder}; set PROCTOR_DATASETS")
        return 0
    return exit_status(["evaluate", str(ANNOTATIONS), "--clips", str(folder)])


if __name__ == "__main__":
    sys.exit(main())
