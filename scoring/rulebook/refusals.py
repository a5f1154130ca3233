"""Why a frame is refused as a teacher of somebody's baseline: reported by calibration, and what its rules speak of."""

REFUSALS = (
    "dark_or_blurred",
    "no_face",
    "several_faces",
    "small_face",
    "turned_away",
    "pitched_away",
    "eyes_closed",
    "looking_aside",
    "moving",
    "frozen",
    "doubtful",
)
"""In the order of every tuple of counts; only ever grows, at its end."""
