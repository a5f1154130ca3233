"""Where each key of a TOML document stands, so that an error can name the line. tomllib reads values, not places.

The text must have been read by tomllib before: what is wrong with the syntax is not noticed here.
"""

import tomllib
from bisect import bisect_right
from collections.abc import Iterator

from scoring.rulebook.complaint import Keys

_BARE_ENDS = ",]}#\n"
_QUOTES = ('"""', "'''", '"', "'")


def lines_of(text: str) -> dict[Keys, int]:
    """The line, from 1, of every key, table and element of a list.

    Raises: RecursionError when lists or tables are nested too deeply.
    """
    return dict(_Scan(text).document())


def line_of(lines: dict[Keys, int], keys: Keys) -> int:
    """The line of `keys` or of the closest thing above that the text names; 0: it names none of them."""
    for depth in range(len(keys), 0, -1):
        if keys[:depth] in lines:
            return lines[keys[:depth]]
    return 0


class _Scan:
    """Goes through the text once; `at` is the place that it has come to."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text.replace("\r\n", "\n"), 0
        self.breaks = [place for place, letter in enumerate(self.text) if letter == "\n"]
        self.elements: dict[Keys, int] = {}  # list of tables -> number of its last element

    def document(self) -> Iterator[tuple[Keys, int]]:
        table: Keys = ()
        while self._skip("\n"):
            line = self._line()
            if self.text[self.at] == "[":
                table = self._header()
                yield table, line
            else:
                yield from self._pair(table)

    def _line(self) -> int:
        return bisect_right(self.breaks, self.at - 1) + 1

    def _skip(self, more: str = "") -> bool:
        """Go over blanks and comments to the next thing; False: there is none."""
        while self.at < len(self.text) and self.text[self.at] in " \t#" + more:
            self.at = self._end_of_line() if self.text[self.at] == "#" else self.at + 1
        return self.at < len(self.text)

    def _end_of_line(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _header(self) -> Keys:
        is_list = self.text.startswith("[[", self.at)
        self.at += 1 + is_list
        names = self._names("]")
        self.at += 1 + is_list
        table: Keys = ()
        for place, name in enumerate(names, 1):
            table = (*table, name)
            if is_list and place == len(names):
                self.elements[table] = self.elements.get(table, -1) + 1
            if table in self.elements:
                table = (*table, f"[{self.elements[table]}]")
        return table

    def _names(self, end: str) -> Keys:
        """A key's names, up to the character `end` behind them."""
        begin = self.at
        while self.text[self.at] != end:
            self.at = self._after_quoted() if self.text[self.at] in "\"'" else self.at + 1
        names, found = [], tomllib.loads(self.text[begin : self.at] + "=0")
        while isinstance(found, dict):
            ((name, found),) = found.items()
            names.append(name)
        return tuple(names)

    def _after_quoted(self) -> int:
        quote = next(quote for quote in _QUOTES if self.text.startswith(quote, self.at))
        place = self.at + len(quote)
        while not self.text.startswith(quote, place):
            place += 2 if self.text[place] == "\\" and quote[0] == '"' else 1
        end = place + len(quote)
        while len(quote) == 3 and self.text.startswith(quote[0], end):  # quotes that belong to the text
            end += 1
        return end

    def _pair(self, table: Keys) -> Iterator[tuple[Keys, int]]:
        line, keys = self._line(), (*table, *self._names("="))
        yield from ((keys[:depth], line) for depth in range(len(table) + 1, len(keys) + 1))
        self.at += 1
        yield from self._value(keys)

    def _value(self, keys: Keys) -> Iterator[tuple[Keys, int]]:
        self._skip()
        match self.text[self.at]:
            case "[":
                yield from self._list(keys)
            case "{":
                yield from self._table(keys)
            case '"' | "'":
                self.at = self._after_quoted()
            case _:
                while self.at < len(self.text) and self.text[self.at] not in _BARE_ENDS:
                    self.at += 1

    def _list(self, keys: Keys) -> Iterator[tuple[Keys, int]]:
        self.at, number = self.at + 1, 0
        while self._skip("\n,") and self.text[self.at] != "]":
            element = (*keys, f"[{number}]")
            yield element, self._line()
            yield from self._value(element)
            number += 1
        self.at += 1

    def _table(self, keys: Keys) -> Iterator[tuple[Keys, int]]:
        self.at += 1
        while self._skip(",\n") and self.text[self.at] != "}":
            yield from self._pair(keys)
        self.at += 1
