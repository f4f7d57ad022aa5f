"""`sops-unencrypted-sibling`: the plaintext of an encrypted file, left beside it by a tool that decrypted it."""

from __future__ import annotations

import posixpath

from secrets_gitops.lint import mend
from secrets_gitops.lint.finding import Region
from secrets_gitops.lint.sops_record import is_encrypted, neighbour
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.target import Target

_WORDS = ("dec", "decrypted", "plain")
"""What tools and people put into the name of a decrypted copy; helm-secrets uses the first."""
_CLOSED = ("enc", "sops", "encrypted")
"""What they put into the name of the encrypted file."""
_COPY = pattern(r"(?:\.decrypted~(?P<hidden>.+)|(?P<stem>.+?)\.(?:decrypted[^./]*|dec|plain)(?P<end>(?:\.[^./]+)*))\Z")


class SopsUnencryptedSibling:
    """A name alone says nothing: there must be an encrypted file whose copy it could be."""

    id = "sops-unencrypted-sibling"
    alias = "SG407"
    severity: Severity = "high"
    summary = "a decrypted copy lies beside an encrypted file"
    why = "The encrypted file protects nothing while its plaintext is committed under another name."
    fix = "`git rm --cached PATH`, and add it to `.gitignore`; then change the values if it was ever pushed"

    def concerns(self, target: Target) -> bool:
        """Does the name promise a copy, or is this a file that may have one?"""
        if target.parent is not None or not target.data.strip():
            return False
        return _copy(posixpath.basename(target.path)) is not None or (b"sops" in target.data and b"ENC[" in target.data)

    def check(self, target: Target) -> Iterator[Finding]:
        """The copy itself; beside an encrypted file, also one that was committed before."""
        if is_encrypted(target):
            for path in _copies_of(target.path):
                if path not in target.run.changed and target.run.snapshot.exists(path):
                    copy = neighbour(target, path)
                    if copy is not None and copy.data.strip() and not is_encrypted(copy) and _is_kept(target, path):
                        yield self._finding(copy, target.path)
            return
        for path in _originals_of(target.path):
            if target.run.snapshot.exists(path):
                original = neighbour(target, path)
                if original is not None and is_encrypted(original):
                    yield self._finding(target, path)
                    return

    def _finding(self, copy: Target, original: str) -> Finding:
        entry, path = mend.quoted(mend.ignored(copy.path)), mend.quoted(copy.path)
        return copy.finding(
            self,
            Region(1, 1, 1, 1),
            f"the file lies in plaintext beside {original}, which is encrypted",
            fix=f"`echo {entry} >> .gitignore && git rm --cached --ignore-unmatch {path}`, and change the values if it "
            "was ever pushed",
        )


def _copy(name: str) -> re.Match[str] | None:
    """The parts of a name that promises a copy."""
    return _COPY.match(name) if ".dec" in name or ".plain" in name else None


def _is_kept(target: Target, path: str) -> bool:
    """Is it part of the repository, and not just a file on disk that git ignores?"""
    return path in target.run.snapshot.paths()


def _originals_of(path: str) -> list[str]:
    """What the encrypted file may be called whose copy has this name."""
    folder, name = posixpath.split(path)
    found = _copy(name)
    if found is None:
        return []
    if found["hidden"]:
        return [posixpath.join(folder, found["hidden"])]
    stem, end = found["stem"], found["end"]
    bases = [stem] if not end else [stem + end, stem]
    names = []
    for base in bases:
        start, dot, last = base.rpartition(".")
        names.append(base)
        names += [f"{start}.{word}{dot}{last}" for word in _CLOSED if start] + [f"{base}.{word}" for word in _CLOSED]
    return [posixpath.join(folder, one) for one in dict.fromkeys(names)]


def _copies_of(path: str) -> list[str]:
    """The commonest names of a copy of the encrypted file `path`."""
    folder, name = posixpath.split(path)
    start, dot, last = name.rpartition(".")
    plain = start
    for word in _CLOSED:
        plain = plain.removesuffix(f".{word}")
    names = [f".decrypted~{name}"]
    for word in _WORDS:
        names.append(f"{name}.{word}")
        if start:
            names += [f"{base}.{word}{dot}{last}" for base in dict.fromkeys((start, plain))]
    return [posixpath.join(folder, one) for one in names]


RULE = SopsUnencryptedSibling()
