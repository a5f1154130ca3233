"""Where a crash happens: after how many touches of the outside."""


class CrashError(Exception):
    """The process is gone."""


class Fuse:
    """Burns down by one at every touch of the outside and blows at zero."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise CrashError
