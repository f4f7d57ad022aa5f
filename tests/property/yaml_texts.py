"""YAML texts as people write them: a random tree in random layouts, with comments, anchors and odd spacing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SCALARS = [
    "plain", "two words", "1", "0x1F", "1.50", "true", "~", "''", "'it''s'", '"a\\tb"', "2001-01-02", "a#b", "a:b",
    '"# no comment"', "!!str 12", "!vault x", "é🎉", "-1", "'- no item'", "=", "https://example.com/?q=1",
]  # fmt: skip
KEYS = ["a", "b", "name", "'quoted'", '"d q"', "with space", "k8s.io/x-y", "é🎉", "<<", "yes", "'1'", "data"]
COMMENTS = ["# note", "#", "#tight", "#  - a: b", "# 🎉 'quote"]


class Writer:
    """Writes one random document."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.newline = random.choice(["\n", "\n", "\n", "\r\n"])
        self.step = random.choice([2, 2, 2, 4, 3])
        self.dash = random.choice([0, 0, 2])
        self.anchors: list[str] = []
        """Those that may be repeated from here on."""
        self.named = 0
        self.busy = random.random() < 0.6
        """Whether there are comments, blank lines and anchors."""

    def document(self) -> str:
        random = self.random
        body = self.mapping(0, 0) if random.random() < 0.9 else self.sequence(0, 0)
        lead = random.choice(["", "", "---\n", "# head\n", "%YAML 1.1\n---\n", "---\n# head\n\n", "\n"])
        text = lead + body
        if random.random() < 0.2:
            text = text.removesuffix("\n")
        else:
            text += random.choice(["", "", "", "\n", "# end\n", "...\n", "---\nother: 1\n", "---\n"])
        return text.replace("\n", self.newline)

    def chance(self, share: float) -> bool:
        return self.busy and self.random.random() < share

    def noise(self, indent: int) -> str:
        out = ""
        while self.chance(0.15):
            deeper = self.random.choice([0, 0, 0, 1, 4])
            out += self.random.choice(["\n", f"{' ' * (indent + deeper)}{self.random.choice(COMMENTS)}\n"])
        return out

    def tail(self) -> str:
        return f" {self.random.choice(COMMENTS)}" if self.chance(0.2) else " " if self.chance(0.05) else ""

    def properties(self) -> str:
        if not self.chance(0.12):
            return ""
        self.named += 1
        return f"&n{self.named} "

    def mapping(self, indent: int, depth: int, first: str | None = None) -> str:
        out = ""
        keys = self.random.sample(KEYS, self.random.randint(1, 4))
        for key in keys:
            if first is None:
                out += self.noise(indent)
            lead = " " * indent if first is None else first
            first = None
            if self.random.random() < 0.05:
                out += f"{lead}? {key}{self.tail()}\n{' ' * indent}:"
            else:
                out += f"{lead}{key}{self.random.choice(['', '', '', ' '])}:"
            out += self.value(indent, depth)
        return out

    def sequence(self, indent: int, depth: int, first: str | None = None) -> str:
        out = ""
        for _ in range(self.random.randint(1, 3)):
            if first is None:
                out += self.noise(indent)
            lead = " " * indent if first is None else first
            first = None
            out += f"{lead}-"
            kind = self.random.random()
            if depth < 3 and kind < 0.25:
                gap = self.random.choice([1, 1, 1, 3])
                out += self.mapping(indent + 1 + gap, depth + 1, " " * gap)
            elif depth < 3 and kind < 0.35:
                out += self.sequence(indent + 2, depth + 1, " ")
            else:
                out += self.value(indent, depth, item=True)
        return out

    def value(self, indent: int, depth: int, *, item: bool = False) -> str:
        """What follows a colon or a dash, with its line break."""
        properties = self.properties()
        text = self._value(indent, depth, properties, item=item)
        if properties and properties.rstrip() in text:
            self.anchors.append(properties[1:-1])
        return text

    def _value(self, indent: int, depth: int, properties: str, *, item: bool) -> str:
        random = self.random
        kind = random.random()
        inner = indent + (2 if item else self.step)
        if depth < 3 and kind < 0.25:
            return f" {properties}".rstrip() + f"{self.tail()}\n" + self.mapping(inner, depth + 1)
        if depth < 3 and kind < 0.4:
            if not item:
                inner = indent + self.dash
            return f" {properties}".rstrip() + f"{self.tail()}\n" + self.sequence(inner, depth + 1)
        if kind < 0.5:
            return f" {properties}{self.flow(depth)}{self.tail()}\n"
        if kind < 0.6:
            header = random.choice(["|", "|-", "|+", ">", ">-", ">+"]) + self.tail()
            lines = random.choice(
                [["text"], ["text", "more"], ["# text", "", "  deep"], ["a: b", "- c"], ["x", "", ""]]
            )
            return f" {properties}{header}\n" + "".join(f"{' ' * inner}{line}\n" if line else "\n" for line in lines)
        if kind < 0.64:
            return f" {properties}".rstrip() + f"{self.tail()}\n"
        if kind < 0.7 and self.anchors:
            return f" *{random.choice(self.anchors)}{self.tail()}\n"
        if kind < 0.74:
            quote = random.choice(["'", '"', ""])
            return f" {properties}{quote}over\n{' ' * (inner + 1)}two lines{quote}{self.tail()}\n"
        if kind < 0.78 and not item:
            return f"{self.tail()}\n{' ' * inner}{properties}{random.choice(SCALARS)}{self.tail()}\n"
        return f"{random.choice([' ', ' ', '  '])}{properties}{random.choice(SCALARS)}{self.tail()}\n"

    def flow(self, depth: int) -> str:
        random = self.random
        if random.random() < 0.2:
            return random.choice(["{}", "[]", "[ ]", "{  }"])
        members: list[str] = []
        keys = random.sample([key for key in KEYS if key != "<<"], 3)
        braces = random.random() < 0.5
        for index in range(random.randint(1, 3)):
            value = random.choice(SCALARS)
            if depth < 3 and random.random() < 0.3:
                value = self.flow(depth + 1)
            if braces:
                key = keys[index]
                value = random.choice(
                    [f"{key}: {value}", f"{key}: {value}", f"{key}: {value}", key, f"{key}: ", f"? {key} : {value}"]
                )
            elif random.random() < 0.1:
                value = f"{keys[index]}: {value}"
            members.append(value)
        comma = random.choice([", ", ", ", " , ", ","])
        text = comma.join(members) + random.choice(["", "", "", comma])
        return f"{{{text}}}" if braces else f"[{text}]"
