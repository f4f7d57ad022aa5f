"""`k8s-env-literal`: an environment variable or an argument of a container holds a secret."""

from __future__ import annotations

from secrets_gitops.lint.candidates import of_leaf, spread, text_in
from secrets_gitops.lint.command_words import HEADER_OPTIONS, Word, given, may_call_client, words
from secrets_gitops.lint.leaf_gate import ends
from secrets_gitops.lint.mend import quoted
from secrets_gitops.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secrets_gitops.lint.candidates import Candidate
    from secrets_gitops.lint.finding import Finding, Severity
    from secrets_gitops.lint.leaves import Leaf
    from secrets_gitops.lint.target import Target

_LISTS = (b"env", b"args", b"command", b"script")
_SET = pattern(rb"(?:vars?)?[\"']?\s{0,20}:")
"""What follows one of `_LISTS`, in lower case, where it is a key."""
_ENV = ("env", "envs", "envvars")
_COMMANDS = frozenset({"args", "command", "extraArgs", "script", "entrypoint", "cmd"})


class K8sEnvLiteral:
    """Any list called `env`, wherever pods are described: workloads, Knative, Argo, Tekton, values of charts."""

    id = "k8s-env-literal"
    alias = "SG103"
    severity: Severity = "high"
    summary = "an environment variable or an argument of a container holds a plaintext secret"
    why = (
        "Whoever can read the repository has the value, and so has everybody who may look at pods: `kubectl describe` "
        "prints environment and arguments."
    )
    fix = "move the value out of PATH into a Secret, and refer to it with `valueFrom.secretKeyRef`"

    def concerns(self, target: Target) -> bool:
        """Is it a manifest with an environment or a command, and something called as secrets are?"""
        return (
            (target.format is not None or target.parent is not None)
            and (target.may_be_called_secret or may_call_client(target.different_words))
            and any(_SET.match(target.lowered, end) for word in _LISTS for end in ends(target.lowered, word))
        )

    def check(self, target: Target) -> Iterator[Finding]:
        """Literal values of `env` items, then words of `args` and `command`."""
        commands: dict[tuple[str, ...], list[Leaf]] = {}
        for leaf in target.leaves:
            keys = leaf.keys
            if leaf.refers:
                continue
            if len(keys) >= 3 and keys[-1] == "value" and keys[-3].lower().endswith(_ENV):
                if leaf.text[:1] == "-":  # flags, as in `JAVA_OPTS`
                    yield from self._command(target, [leaf], [], is_line=True)
                for found in spread(target, leaf):
                    if found.is_secret:
                        yield self._variable(found, leaf)
            elif len(keys) >= 2 and keys[-2] in _COMMANDS and keys[-1].isdigit():
                commands.setdefault(keys[:-1], []).append(leaf)
            elif keys and keys[-1] in _COMMANDS and leaf.object is not None:
                commands.setdefault(keys, []).append(leaf)
        # A container's `command` begins the line that its `args` go on with.
        for keys, line in commands.items():
            before = commands.get((*keys[:-1], "command"), []) if keys[-1] == "args" else []
            yield from self._command(target, line, before)

    def _variable(self, found: Candidate, leaf: Leaf) -> Finding:
        variable = f"`{found.name}`" if found.name == leaf.name else f"`{found.name}` in the variable `{leaf.name}`"
        return found.finding(
            self,
            f"{variable}{f' of {leaf.label}' if leaf.label else ''} is a plaintext secret in `env`",
            fix=(
                f"move `{found.name}` out of {quoted(found.target.path)} into a Secret, "
                f"and refer to it with `valueFrom.secretKeyRef`"
            ),
        )

    def _command(
        self, target: Target, line: list[Leaf], before: list[Leaf], *, is_line: bool = False
    ) -> Iterator[Finding]:
        """The secrets among words; `is_line`: what begins with a flag is a line of them, too."""
        cut: list[Word] = []
        origin: dict[int, Leaf] = {}
        for leaf in (*before, *line):
            text = leaf.text
            is_script = any(c in text for c in " \t\n") and (is_line or not text.startswith("-"))
            is_script = is_script and not (cut and cut[-1].text in HEADER_OPTIONS)
            for word in words(text) if is_script else (Word(text, 0, len(text)),):
                origin[len(cut)] = leaf
                cut.append(word)
        own = {id(leaf) for leaf in line}
        positions = {id(word): at for at, word in enumerate(cut)}
        for found in given(cut):
            leaf = origin[positions[id(found.word)]]
            if id(leaf) not in own:
                continue
            region = of_leaf(target, leaf).region
            inner = text_in(target, leaf) if "\n" in leaf.text.strip() else None
            if inner is not None:
                start = len(leaf.text[: found.word.start].encode("utf-8", "replace"))
                region = inner.region(start, start + max(1, len(found.word.text.encode("utf-8", "replace"))))
            yield target.finding(
                self,
                region,
                f"`{found.name}` is given a plaintext secret in `{_field(leaf)}`"
                f"{f' of {leaf.label}' if leaf.label else ''}",
                fix=(
                    f"take the value of `{found.name}` out of {quoted(target.path)}: put it into a Secret, set an "
                    f"environment variable from that with `valueFrom.secretKeyRef`, and write $(NAME) here"
                ),
                object=leaf.label,
                pointer=leaf.pointer,
                key=found.name,
                value=found.value,
            )


def _field(leaf: Leaf) -> str:
    return next((key for key in reversed(leaf.keys) if not key.isdigit()), "command")


RULE = K8sEnvLiteral()
