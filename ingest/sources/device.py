"""Whether a camera of this machine is a device or a program that passes for one.

Linux says so: a camera's node in sysfs hangs on the bus that it is plugged into, a program's (v4l2loopback, which OBS
and others feed) on none, below /sys/devices/virtual. Elsewhere, and where sysfs is not to be seen, its name alone can
tell, and mostly there is none to read: then nothing is said.
"""

from dataclasses import dataclass
from pathlib import Path

CLASS = Path("/sys/class/video4linux")
WORDS = ("virtual", "v4l2loopback", "dummy video device", "manycam", "vcam", "snap camera")
"""In the names that programs give their cameras: OBS Virtual Camera, ManyCam Virtual Webcam, XSplit VCam, Snap Camera;
"Dummy video device" is v4l2loopback's own. Compared in lower case."""


@dataclass(frozen=True, slots=True)
class Device:
    """What the system says of a camera; `name` may be empty."""

    name: str
    is_program: bool


def device_of(index: int, devices: Path = CLASS) -> Device | None:
    """The camera that OpenCV opens under `index`; None: the system says nothing of it."""
    node = devices / f"video{index}"
    try:
        place = node.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    name = _name(node)
    return Device(name, "virtual" in place.parts or sounds_virtual(name))


def sounds_virtual(name: str) -> bool:
    """Whether a camera's name is one that programs give."""
    return any(word in name.lower() for word in WORDS)


def _name(node: Path) -> str:
    try:
        return (node / "name").read_text(errors="replace").strip()
    except OSError:
        return ""
