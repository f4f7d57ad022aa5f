"""Target: one file (or a text inside one) as the rules see it: bytes, parsed tree, Kubernetes objects, places."""

from __future__ import annotations

from bisect import bisect_right

from secrets_gitops.documents.formats import format_of
from secrets_gitops.errors import DocumentError, LimitExceeded
from secrets_gitops.lint.assignments import split
from secrets_gitops.lint.dispatch import read_words
from secrets_gitops.lint.finding import Finding, Region
from secrets_gitops.lint.mask import has_templates, mask
from secrets_gitops.lint.mend import quoted
from secrets_gitops.lint.runs import hidden, runs
from secrets_gitops.lint.sops_text import may_have_block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.documents.document import Document, Format, Node
    from secrets_gitops.lint.assignments import Assignment
    from secrets_gitops.lint.classify import Kind
    from secrets_gitops.lint.finding import Confidence, Severity
    from secrets_gitops.lint.frame import Frame
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.objects import KubeObject
    from secrets_gitops.lint.rule import Rule
    from secrets_gitops.lint.run import Run
    from secrets_gitops.lint.runs import Hidden
    from secrets_gitops.lint.sops_block import Block
    from secrets_gitops.lint.sops_record import Record


class Target:
    """What a rule checks.

    `data` is UTF-8 without a byte order mark whenever the file is text in UTF-8, UTF-16 or UTF-32; otherwise the bytes
    as they are. For a text inside a file (`parent` is set) `path` and all regions are those of the file.
    """

    __slots__ = (
        "_assignments", "_breaks", "_counted", "_different_words", "_document", "_hidden", "_is_telling", "_keys",
        "_kind", "_leaves", "_lowered", "_objects", "_recorded", "_runs", "_telling_words", "_text_breaks", "_tree",
        "_words", "brief", "data", "format", "frame", "parent", "path", "pointer", "run", "unread",
    )  # fmt: skip

    def __init__(
        self,
        path: str,
        data: bytes,
        run: Run,
        *,
        parent: Target | None = None,
        frame: Frame | None = None,
        pointer: str = "",
        brief: bool = False,
    ) -> None:
        self.path = path
        self.data = data
        self.run = run
        """What this run shares between files: the snapshot, creation rules, limits."""
        self.format: Format | None = format_of(path) if parent is None else None
        """What the file's name says: `yaml`, `json`, or None."""
        self.parent = parent
        self.frame = frame
        self.pointer = pointer
        """JSON pointer of the scalar that holds a nested text, else empty."""
        self.brief = brief
        """Of an encrypted file only the `sops` block is looked at; see `recorded`. No rule looks into texts inside."""
        self._recorded: tuple[Record | None] | None = None
        self.unread: DocumentError | None = None
        """Why `document` is None, once it was asked for."""
        self._document: Document | None = None
        self._objects: list[KubeObject] | None = None
        self._leaves: tuple[Leaf, ...] | None = None
        self._lowered: bytes | None = None
        self._is_telling: bool | None = None
        self._different_words: set[bytes] | None = None
        self._telling_words: list[bytes] | None = None
        self._words: frozenset[bytes] | None = None
        self._runs: bytes | None = None
        self._kind: Kind | None = None
        self._assignments: list[Assignment] | None = None
        self._keys: dict[int, Node] | None = None
        self._hidden: tuple[Hidden, ...] | None = None
        self._breaks: list[int] | None = None
        self._counted = 0, 1
        self._text_breaks: list[int] | None = None
        self._tree: Document | None = None

    @property
    def document(self) -> Document | None:
        """The parsed text, template spans masked; None where it cannot be read (`unread` says why).

        A file whose name promises no format is read as what it looks like. Read once, when first asked for.
        """
        if self._document is None and self.unread is None:
            self._document = self._read()
        return self._document

    @property
    def parsed(self) -> bool:
        """Did a rule ask for `document`?"""
        return self._document is not None or self.unread is not None

    def _read(self) -> Document | None:
        from secrets_gitops.documents.read import read  # noqa: PLC0415  most files pass no gate and are not parsed

        looks_json = self.data.lstrip()[:1] in {b"{", b"["}
        first: Format = self.format or ("json" if looks_json else "yaml")
        attempts: list[tuple[Format, bytes | str]] = [(first, self.data)]
        if first == "json":
            attempts.append(("yaml", self.data))
        elif has_templates(self.data):
            attempts.insert(0, (first, mask(self.data.decode("utf-8", "replace"))))
        failure: DocumentError | None = None
        for chosen, text in attempts:
            try:
                return read(
                    text,
                    path=self.path,
                    format=chosen,
                    limits=self.run.limits,
                    duplicates="keep",
                    stream=chosen == "json",
                )
            except LimitExceeded as error:
                failure = error
                break
            except DocumentError as error:
                failure = failure or error
        self.unread = failure
        return None

    @property
    def objects(self) -> list[KubeObject]:
        """The Kubernetes objects of the parsed text; none when it cannot be read."""
        if self._objects is None:
            from secrets_gitops.lint.objects import find_objects  # noqa: PLC0415

            self._objects = find_objects(self.document) if self.document is not None else []
        return self._objects

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The scalars of `tree` with their names and positions.

        Ask `may_be_called_secret` first: most files need not be parsed.
        """
        if self._leaves is None:
            from secrets_gitops.lint.leaves import leaves  # noqa: PLC0415  few files are asked for them
            from secrets_gitops.lint.objects import find_objects  # noqa: PLC0415

            tree = self.tree
            objects = find_objects(tree) if tree is not None and tree is not self.document else self.objects
            self._leaves = tuple(leaves(tree, objects)) if tree is not None else ()
        return self._leaves

    @property
    def may_be_called_secret(self) -> bool:
        """False promises that none of the leaves has both a sensitive name and a value; see `lint.leaf_gate`."""
        if self._is_telling is None:
            from secrets_gitops.lint.leaf_gate import may_be_called_secret  # noqa: PLC0415

            self._is_telling = may_be_called_secret(self)
        return self._is_telling

    @property
    def different_words(self) -> set[bytes]:
        """The different words of `data`; see `lint.assignments`."""
        if self._different_words is None:
            self._different_words = split(self.data)
        return self._different_words

    @property
    def telling_words(self) -> list[bytes]:
        """The words of `data` that promise a secret when they are keys; see `lint.assignments`."""
        if self._telling_words is None:
            self._words, self._telling_words = read_words(self)
        return self._telling_words

    @property
    def tree(self) -> Document | None:
        """`document`, or, for YAML that cannot be read, what its lines and their indentation look like."""
        if self._tree is None:
            self._tree = self.document
            if self._tree is None and not isinstance(self.unread, LimitExceeded) and _is_yaml(self):
                from secrets_gitops.lint.loose import read  # noqa: PLC0415  most files can be read

                self._tree = read(self.text, self.path)
        return self._tree

    @property
    def kind(self) -> Kind:
        """What the file is, by its name and its first bytes; see `lint.classify`."""
        if self._kind is None:
            from secrets_gitops.lint.classify import kind_of  # noqa: PLC0415  a text inside a file has no kind

            self._kind = kind_of(self.path, self.data)
        return self._kind

    @property
    def assignments(self) -> list[Assignment]:
        """Every `key op value` of `data` whose key promises a secret; see `lint.assignments`."""
        if self._assignments is None:
            from secrets_gitops.lint.assignments import find  # noqa: PLC0415  most commits hold few files with any
            from secrets_gitops.lint.classify import BY_LINE  # noqa: PLC0415

            self._assignments = find(self.data, self.telling_words, by_line=self.kind in BY_LINE)
        return self._assignments

    @property
    def lowered(self) -> bytes:
        """`data` with its ASCII letters in lower case, for cheap tests whether a word occurs."""
        if self._lowered is None:
            self._lowered = self.data.lower()
        return self._lowered

    @property
    def words(self) -> frozenset[bytes]:
        """Which of the words that rules wait for occur."""
        if self._words is None:
            self._words, self._telling_words = read_words(self)
        return self._words

    @property
    def runs(self) -> bytes:
        """The parts of `data` that could hold a token at all; see `lint.runs`."""
        if self._runs is None:
            self._runs = runs(self.data)
        return self._runs

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        """The texts that stand in base64 in `data`."""
        if self._hidden is None:
            self._hidden = tuple(hidden(self.data, self.runs))
        return self._hidden

    @property
    def has_sops_block(self) -> bool:
        """Did sops encrypt this, wholly or in part? What its block is worth, other rules say."""
        return self.sops_block is not None

    @property
    def sops_block(self) -> Block | None:
        """The `sops` block of the first document, or None."""
        if not may_have_block(self.data) or self.document is None:
            return None
        from secrets_gitops.lint.sops_block import block_of  # noqa: PLC0415  most files have no block

        return block_of(self.document)

    @property
    def recorded(self) -> Record | None:
        """What the `sops` block of the first document says, in dotenv and INI too; None without one.

        Where only blocks count it is read alone, and `document` is not asked for.
        """
        if self._recorded is None:
            from secrets_gitops.lint.sops_record import record_of  # noqa: PLC0415  most files have no block

            self._recorded = (record_of(self, brief=self.brief),)
        return self._recorded[0]

    def key_of(self, node: Node) -> Node | None:
        """The key that `node` of `document` is the value of; None for an item of a list."""
        if self._keys is None:
            from secrets_gitops.documents.document import walk  # noqa: PLC0415  asked for findings only

            roots = self.document.roots if self.document is not None else ()
            self._keys = {id(value): key for root in roots for mapping in walk(root) for key, value in mapping.pairs}
        return self._keys.get(id(node))

    @property
    def text(self) -> str:
        """`data` as text for what reads lines: wrong bytes replaced, NULs left out, template spans masked."""
        text = self.data.replace(b"\0", b"").decode("utf-8", "replace")
        return mask(text) if has_templates(self.data) else text

    @property
    def depth(self) -> int:
        """How many texts stand around this one: 0 for a file."""
        return 0 if self.parent is None else self.parent.depth + 1

    def region(self, start: int, end: int) -> Region:
        """The region of the bytes `start` (included) to `end` (excluded) of `data`."""
        return self.lift(self.own_region(start, end))

    def own_region(self, start: int, end: int) -> Region:
        """As `region`, in the lines and columns of this text itself."""
        if self._breaks is None:
            self._breaks = _positions(self.data, b"\n")
        first, last = bisect_right(self._breaks, start - 1), bisect_right(self._breaks, end - 1)
        return Region(first + 1, self._column(first, start), last + 1, self._column(last, end))

    def _column(self, line: int, at: int) -> int:
        """The column of byte `at`, counted on from the last answer: findings on one long line come in order."""
        assert self._breaks is not None
        begin, column = self._breaks[line - 1] + 1 if line else 0, 1
        if begin <= self._counted[0] <= at:
            begin, column = self._counted
        column += len(self.data[begin:at].decode("utf-8", "replace"))
        self._counted = at, column
        return column

    def span(self, node: Node, last: Node | None = None) -> Region:
        """The region from the start of `node` of `document` to the end of `last` (of `node` itself without one)."""
        return self.lift(self.own_span(node, last))

    def own_span(self, node: Node, last: Node | None = None) -> Region:
        """As `span`, in the lines and columns of this text itself."""
        assert self.tree is not None
        text, end = self.tree.text, max(node.end, (last or node).end)
        if self._text_breaks is None:
            self._text_breaks = _positions(text, "\n")
        line = bisect_right(self._text_breaks, end - 1)
        begin = self._text_breaks[line - 1] + 1 if line else 0
        return Region(node.line, node.column, max(line + 1, node.line), end - begin + 1)

    def lift(self, region: Region) -> Region:
        """`region` of this text as a region of the file."""
        if self.frame is not None:
            region = self.frame.outer(region)
        return region if self.parent is None else self.parent.lift(region)

    def finding(
        self,
        rule: Rule,
        region: Region,
        message: str,
        *,
        severity: Severity | None = None,
        fix: str | None = None,
        confidence: Confidence = "high",
        object: str = "",  # noqa: A002  the field's standard word
        pointer: str = "",
        key: str = "",
        value: bytes | str = b"",
    ) -> Finding:
        """A finding of `rule` at `region`; severity and fix are the rule's own unless given.

        `value` is what it is about: the finding keeps a keyed digest, so that another value in its place is another
        finding.
        """
        from secrets_gitops.lint.fingerprints import digest  # noqa: PLC0415  most files hold nothing to find

        found = Finding(
            rule.id,
            severity or rule.severity,
            self.path,
            *region,
            message,
            rule.fix.replace("PATH", quoted(self.path)) if fix is None else fix,
            confidence,
            object,
            self.pointer + pointer,
            key,
            digest=digest(self.run.salt, value) if value else b"",
        )
        if self.run.values is not None and value:
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            self.run.values.append((found, text))
        return found


def _is_yaml(target: Target) -> bool:
    """Does the name say so? Also where a program makes YAML of it first."""
    return target.parent is None and (target.format == "yaml" or ".yaml." in target.path or ".yml." in target.path)


def _positions(text: bytes | str, what: bytes | str) -> list[int]:
    found, at = [], text.find(what)  # type: ignore[arg-type]  # both are bytes or both are text
    while at >= 0:
        found.append(at)
        at = text.find(what, at + 1)  # type: ignore[arg-type]
    return found
