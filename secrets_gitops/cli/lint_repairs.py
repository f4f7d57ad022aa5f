"""What `lint --fix` does to files: each repair changes the work tree only, one file at a time, whole or not at all.

It is done with the library functions of the commands that findings name; new text is written beside the file, read back
and only then put in its place. Never the index: what is staged is the user's.
"""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from secrets_gitops.errors import AlreadySealed, DocumentError, Error, Place, SettingsError
from secrets_gitops.lint import mend

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from secrets_gitops.documents.document import Document, Node
    from secrets_gitops.encrypted_files.seal import Sealing
    from secrets_gitops.keys.keyring import Keyring

_ENV_NAMES = ("{}.enc.env", "{}.sops.env", "{}.secret.env", "{}.env")
"""What the file with the literals of a generator may be called; the first that a creation rule covers is taken."""


class Repairs:
    """For the work tree at `root`. Paths are relative to it; what the methods return are notes for the user.

    Each raises an error of ours when it cannot be done, and then the file is as it was.
    """

    def __init__(self, root: str, now: str) -> None:
        self._root = root
        self._now = now
        self._keyring: Keyring | None = None
        self._sealing: Sealing | None = None

    def encrypt(self, path: str) -> tuple[str, ...]:
        """Encrypt the file as its creation rule says, or what was left open in it."""
        from secrets_gitops.encrypted_files import encrypt
        from secrets_gitops.repository import files

        place = self._on_disk(path)
        plain = encrypt.read_plain(files.read(place), place)
        if encrypt.is_sealed(plain):
            try:
                result = encrypt.finish(plain, self._keys(), self._now)
            except AlreadySealed:
                return ()
        else:
            how = encrypt.recipe(place)
            _refuse_blind_encryption(plain, how)
            result = encrypt.encrypt(plain, how, self._now)

        def check(data: bytes) -> None:
            if not encrypt.is_whole(encrypt.closed(plain_again := encrypt.read_plain(data, place)) or plain_again):
                raise DocumentError("the encrypted text does not read back; nothing was written", place=Place(place))

        files.replace(place, result.document.to_bytes(), check=check)
        return result.notes

    def seal(self, path: str) -> tuple[str, ...]:
        """Seal the Secrets of the file with the certificate that the repository pins."""
        from secrets_gitops.cli.input import read_document
        from secrets_gitops.encrypted_files.seal_in_place import seal_in_place
        from secrets_gitops.repository import files

        place = self._on_disk(path)
        result = seal_in_place(read_document(place), self._seal())
        files.replace(place, result.document.to_bytes())
        return tuple(f"a comment between values was not kept: {dropped}" for dropped in result.dropped)

    def strip_copies(self, path: str) -> tuple[str, ...]:
        """Take the annotations out in which kubectl repeats a Secret."""
        from secrets_gitops.documents.edit import remove_path

        document = self._document(path)
        from secrets_gitops.encrypted_files.encrypt import is_sealed

        if is_sealed(document):
            raise SettingsError(
                "the MAC of the encrypted file covers its annotations",
                hints=(f"take the annotation out with `secrets-gitops edit {path}`",),
                place=Place(path),
            )
        while (found := next(_copies(document), None)) is not None:
            root, keys = found
            parent = _at(document.roots[root], keys[:-1])
            alone = parent is not None and len(parent.pairs) == 1
            document = document.apply(remove_path(document, root, keys[:-1] if alone else keys))
        self._write(path, document)
        return ()

    def move_literals(self, path: str) -> tuple[str, ...]:
        """Move the literals of each secret generator into an encrypted env file beside the kustomization."""
        from secrets_gitops.documents.edit import remove_path, set_path
        from secrets_gitops.repository import files

        document = self._document(path)
        made: dict[str, bytes] = {}
        listed = document.roots[0].get("secretGenerator") if document.roots else None
        for at, generator in enumerate(listed.items if listed is not None else ()):
            literals = generator.get("literals")
            if literals is None or not literals.items:
                continue
            lines = [_env_line(document, item.resolved()) for item in literals.items]
            file = self._env_file(path, generator, [line.partition("=")[0] for line in lines], made)
            made[file] = self._encrypted("".join(lines).encode(), file)
            name = posixpath.relpath(file, posixpath.dirname(path) or ".")
            envs, where = generator.get("envs"), ("secretGenerator", at, "envs")
            if envs is not None and envs.items:
                edits = set_path(document, 0, (*where, len(envs.items)), name)
            else:
                edits = set_path(document, 0, where, [name])
            document = document.apply(edits)
            document = document.apply(remove_path(document, 0, ("secretGenerator", at, "literals")))
        written: list[str] = []
        try:
            for file, data in made.items():
                files.replace(self._on_disk(file), data, mode=0o644)
                written.append(self._on_disk(file))
            self._write(path, document)
        except BaseException:
            for place in written:  # nothing names them
                os.unlink(place)
            raise
        return tuple(
            f"{file} is new (`git add {mend.quoted(self._on_disk(file))}`) and has the literals, encrypted; "
            "Flux decrypts it where the Kustomization has `decryption`, plain kustomize does not"
            for file in made
        )

    def ignore(self, path: str) -> tuple[str, ...]:
        """Have git ignore the file from now on. One that is tracked stays tracked."""
        from secrets_gitops.repository import files

        place = self._on_disk(".gitignore")
        if os.path.islink(place):
            raise SettingsError(
                "git does not read a `.gitignore` that is a symbolic link",
                hints=("put the file itself there",),
                place=Place(place),
            )
        old = files.read(place) if os.path.lexists(place) else b""
        entry = os.fsencode(mend.ignored(path))
        if entry not in old.split(b"\n"):
            lead = b"\n" if old and not old.endswith(b"\n") else b""
            files.replace(place, old + lead + entry + b"\n", mode=0o644)
        return (f"`git rm --cached {mend.quoted(self._on_disk(path))}` takes it out of the index, where it is tracked",)

    def can_seal(self) -> bool:
        """Does the repository pin one certificate that is good for sealing?"""
        try:
            self._seal()
        except Error:
            return False
        return True

    def _on_disk(self, path: str) -> str:
        return os.path.relpath(os.path.join(self._root, path))

    def _document(self, path: str) -> Document:
        from secrets_gitops.documents.read import Limits, read
        from secrets_gitops.repository import files

        return read(files.read(self._on_disk(path)), path=path, limits=Limits.LARGE)

    def _write(self, path: str, document: Document) -> None:
        from secrets_gitops.documents.read import Limits, read
        from secrets_gitops.repository import files

        def check(data: bytes) -> None:
            read(data, path=path, limits=Limits.LARGE)

        files.replace(self._on_disk(path), document.to_bytes(), check=check)

    def _keys(self) -> Keyring:
        if self._keyring is None:
            from secrets_gitops.keys.keyring import Keyring

            self._keyring = Keyring.local(())
        return self._keyring

    def _seal(self) -> Sealing:
        if self._sealing is None:
            from datetime import UTC, datetime

            from secrets_gitops.deadline import Deadline
            from secrets_gitops.encrypted_files import sealing_certificate
            from secrets_gitops.encrypted_files.seal import Sealing

            certificate = sealing_certificate.choose(
                None, None, Deadline(30.0), datetime.now(UTC), fingerprint=None, beside=self._root
            )
            self._sealing = Sealing(certificate, None, "", "", allow_empty=False)
        return self._sealing

    def _encrypted(self, data: bytes, path: str) -> bytes:
        from secrets_gitops.encrypted_files import encrypt

        place = self._on_disk(path)
        return encrypt.encrypt(encrypt.read_plain(data, place), encrypt.recipe(place), self._now).document.to_bytes()

    def _env_file(self, path: str, generator: Node, keys: list[str], made: Collection[str]) -> str:
        """Where the literals of a generator go: a new file beside the kustomization; a rule encrypts `keys` in it."""
        from secrets_gitops.encrypted_files import rules
        from secrets_gitops.envelopes.sops.selection import Selection

        name = generator.get("name")
        base = name.text if name is not None and name.text.replace("-", "").replace(".", "").isalnum() else "secret"
        folder = posixpath.dirname(path)
        taken = ""
        for pattern in _ENV_NAMES:
            file = posixpath.join(folder, pattern.format(base))
            place = self._on_disk(file)
            rule = rules.find(place, config=None, strict=True).rule
            if rule is None:
                continue
            if os.path.lexists(place) or file in made:
                taken = taken or file
                continue
            selection = Selection(rules.selector(rule), rule.place)
            if all(selection.selects((key,)) for key in keys):  # a rule for manifests leaves them in clear
                return file
        if taken:
            raise SettingsError(
                f"the literals would go into `{taken}`, which is taken",
                hints=("move them there by hand, or give the generator another name",),
                place=Place(path),
            )
        wanted = posixpath.join(folder, _ENV_NAMES[0].format(base))
        raise SettingsError(
            f"no creation rule encrypts a new file for the literals, such as `{wanted}`",
            hints=("add one to `.sops.yaml`, with `path_regex: \\.enc\\.env$`",),
            place=Place(path),
        )


def _refuse_blind_encryption(plain: Document, how: object) -> None:
    """Refuse to encrypt what controllers must read: `encrypt -i` does it when a person asks for it."""
    from secrets_gitops.encrypted_files.encrypt import Recipe
    from secrets_gitops.envelopes.sops import tree
    from secrets_gitops.envelopes.sops.selection import Selection

    assert isinstance(how, Recipe)
    if plain.format not in {"yaml", "json"} or not any(root.get("apiVersion") is not None for root in plain.roots):
        return
    for leaf in tree.walk(plain, Selection(how.selector), sealed=False):
        if leaf.selected and leaf.keys in {("kind",), ("apiVersion",)}:
            raise SettingsError(
                f"its creation rule would encrypt `{leaf.keys[0]}` too, which controllers must read",
                hints=("set `encrypted_regex: ^(data|stringData)$` in the rule",),
                place=Place(plain.path),
            )


def _copies(document: Document) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    """The annotations of a document that repeat a manifest."""
    from secrets_gitops.lint.nested import COPIES

    for at, root in enumerate(document.roots):
        stack: list[tuple[Node, tuple[str | int, ...]]] = [(root, ())]
        while stack:
            node, path = stack.pop()
            for key, value in node.pairs:
                name = key.resolved().text
                if name.endswith(COPIES) and path[-1:] == ("annotations",) and value.resolved().kind == "scalar":
                    yield at, (*path, name)
                elif value.kind in {"mapping", "sequence"}:
                    stack.append((value, (*path, name)))
            stack += [(item, (*path, number)) for number, item in enumerate(node.items)]


def _at(node: Node, keys: tuple[str | int, ...]) -> Node | None:
    found: Node | None = node
    for key in keys:
        if found is None:
            return None
        found = found.get(key) if isinstance(key, str) else found.items[key].resolved()
    return found


def _env_line(document: Document, literal: Node) -> str:
    """The literal as a line of an env file. Raises DocumentError for what such a line cannot hold."""
    key, separator, value = literal.text.partition("=")
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":  # as kustomize takes them off
        value = value[1:-1]
    if not separator or not key or "\n" in value or "\r" in value or "\\" in value:
        raise DocumentError(
            "a literal with line breaks or backslashes does not fit into an env file",
            hints=("put it into a file of its own, and name that under `files`",),
            place=document.place(literal),
        )
    return f"{key}={value}\n"
