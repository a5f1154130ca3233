"""A program that passes for a camera: how the system tells it from a device, and that the verdict says so.

Without these, the plainest sign of a played recording would be lost, or a person's own webcam be taken for one.
"""

from pathlib import Path

import pytest

from ingest.messages import SessionEnded, SessionStarted
from ingest.sources.camera import camera_kind
from ingest.sources.device import Device, device_of, sounds_virtual
from scoring.fold.session import fold
from scoring.messages import Verdict
from scoring.rulebook.policy import load_policy

USB = "devices/pci0000:00/0000:00:14.0/usb1/1-6/1-6:1.0/video4linux"
PROGRAM = "devices/virtual/video4linux"


def sysfs(root: Path, index: int, place: str, name: str | None) -> Path:
    """As Linux lays it out: a folder for the device, a link to it among all cameras. Returns the latter folder."""
    device, cameras = root / place / f"video{index}", root / "class" / "video4linux"
    device.mkdir(parents=True)
    cameras.mkdir(parents=True, exist_ok=True)
    if name is not None:
        (device / "name").write_text(name + "\n")
    (cameras / f"video{index}").symlink_to(device)
    return cameras


@pytest.mark.parametrize(
    ("place", "name", "is_program"),
    [
        (USB, "Integrated Camera: Integrated C", False),
        (USB, None, False),
        (PROGRAM, "Integrated Camera", True),
        (PROGRAM, "OBS Virtual Camera", True),
        (USB, "OBS Virtual Camera", True),
    ],
    ids=["webcam", "webcam without a name", "program under a webcam's name", "OBS", "name alone"],
)
def test_a_program_is_told_by_where_it_hangs_or_by_its_name(
    tmp_path: Path, place: str, name: str | None, is_program: bool
) -> None:
    cameras = sysfs(tmp_path, 2, place, name)
    assert device_of(2, cameras) == Device(name or "", is_program)
    assert camera_kind(2, cameras) == ("virtual_camera" if is_program else "camera")


def test_what_the_system_does_not_know_is_a_camera(tmp_path: Path) -> None:
    """No sysfs, another index, a link that leads nowhere or in a circle."""
    assert device_of(0, tmp_path / "none") is None
    cameras = sysfs(tmp_path, 2, PROGRAM, "OBS Virtual Camera")
    (cameras / "video3").symlink_to(cameras / "gone")
    (cameras / "video4").symlink_to(cameras / "video4")
    for index in (0, 3, 4):
        assert device_of(index, cameras) is None
        assert camera_kind(index, cameras) == "camera"


@pytest.mark.parametrize(
    "name", ["OBS Virtual Camera", "Dummy video device (0x0000)", "ManyCam Virtual Webcam", "XSplit VCam"]
)
def test_names_of_programs(name: str) -> None:
    assert sounds_virtual(name)


@pytest.mark.parametrize(
    "name", ["", "HD Pro Webcam C920", "FaceTime HD Camera", "USB2.0 HD UVC WebCam", "Logitech BRIO"]
)
def test_names_of_devices(name: str) -> None:
    assert not sounds_virtual(name)


def verdict_over(source: str) -> Verdict:
    state, last = None, None
    for one in (
        SessionStarted(session="s", capture_ms=1_000, source=source),
        SessionEnded(session="s", capture_ms=9_000, frames_sent=0),
    ):
        state, messages = fold(load_policy("default"), state, one)
        last = messages[-1] if messages else last
    assert isinstance(last, Verdict)
    return last


def test_a_virtual_camera_is_a_sign_that_decides_nothing() -> None:
    virtual, plain = verdict_over("virtual_camera"), verdict_over("camera")
    assert virtual.anomalies == {"virtual_camera": 1}
    assert set(virtual.reasons) - set(plain.reasons) == {
        "The pictures came from a virtual camera: a program, not a device."
    }
    assert (virtual.risk_class, virtual.confidence, virtual.integrity) == (
        plain.risk_class,
        plain.confidence,
        plain.integrity,
    )
    assert plain.anomalies == {}
