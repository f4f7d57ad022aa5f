"""`private-key`: a private key whose body is there, raw, on one line, or in base64."""

from __future__ import annotations

from secrets_gitops.lint.private_keys import find
from secrets_gitops.lint.runs import hidden, runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.private_keys import PrivateKey
    from secrets_gitops.lint.target import Target


class PrivateKeyRule:
    """Markers alone are no finding: the body must decode to what its kind promises."""

    id = "private-key"
    alias = "SG701"
    severity: Severity = "high"
    summary = "a private key (PEM, PGP, OpenSSH, PuTTY, JWK) stands in a file, raw or in base64"
    why = (
        "Whoever reads the repository, now or in its history, can use the key. A passphrase only slows them down, so "
        "an encrypted key is reported as medium."
    )
    fix = "take the key out of `PATH` (encrypt the file with `secrets-gitops encrypt -i PATH`) and make a new one"

    def concerns(self, target: Target) -> bool:
        """Only a whole file: the bytes of a text inside one are the file's own."""
        return target.parent is None

    def check(self, target: Target) -> Iterator[Finding]:
        """Keys in the bytes, then keys in texts that base64 stands for, to a depth of two."""
        for key in find(target.data):
            yield self._finding(target, key, key.start, key.end)
        for outer in target.hidden:
            inside = hidden(outer.text, runs(outer.text))
            keys = [*find(outer.text), *(key for inner in inside for key in find(inner.text))]
            for key in keys[:1]:
                for start, end in outer.places(target.data):
                    yield self._finding(target, key, start, end, in_base64=True)

    def _finding(self, target: Target, key: PrivateKey, start: int, end: int, *, in_base64: bool = False) -> Finding:
        words = f"an {key.kind}" if key.kind[0] in "AEIOR" else f"a {key.kind}"
        if key.encrypted:
            words += ", encrypted with a passphrase,"
        return target.finding(
            self,
            target.region(start, end),
            f"{words} stands here{' in base64' if in_base64 else ''}",
            severity="medium" if key.encrypted else None,
            value=target.data[start:end],
        )


RULE = PrivateKeyRule()
