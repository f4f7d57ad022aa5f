"""`secrets-gitops-hook`: the git hooks. The same scans as `secrets-gitops lint`, started as fast as can be.

    secrets-gitops-hook                                 what is staged, as `lint --staged`: pre-commit, pre-merge-commit
    secrets-gitops-hook --pushed-range [REMOTE [URL]]   what a push publishes: pre-push, with git's lines on its input
    secrets-gitops-hook --commit-msg FILE               the message of a commit: commit-msg

It is paid for at every commit, so it imports neither click nor anything else that the scan does not need. It takes no
file names: a changed `.sops.yaml` has to report other files too. Findings go to standard output, all else to standard
error; a commit in which nothing is wrong is not talked about.

Whatever happens, a commit that was not scanned to its end is not let through.
"""

from __future__ import annotations

import gc
import os
import sys

from secrets_gitops import __version__, kept_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.errors import Error
    from secrets_gitops.lint.engine import Report

USAGE = "usage: secrets-gitops-hook [--pushed-range [REMOTE [URL]] | --commit-msg FILE | --version]"
_STAGED = (
    "`secrets-gitops lint --staged --max-bytes N` scans it; then `git commit --no-verify`",
    "mend what stands above, `git add` it again, and commit; what is staged counts, not the disk",
)
_PUSHED = (
    "`secrets-gitops lint --pushed-range FROM..TO --max-bytes N` scans it; then `git push --no-verify`",
    "what a later commit takes away is published too: mend the commit that brought it, by `git rebase -i`",
)
_MESSAGE = (
    "shorten the message",
    "write the message without it; git keeps what you wrote in .git/COMMIT_EDITMSG",
)


def main() -> None:
    """Entry point of `secrets-gitops-hook`.

    Collecting garbage after every 700 objects, and taking the interpreter down piece by piece, cost a tenth of the run
    and free nothing that the end of the process does not free.
    """
    gc.set_threshold(100_000)
    if sys.stdout is None or sys.stderr is None:
        from secrets_gitops import streams

        streams.complete(data=False)
    kept = kept_code.begin(sys.modules[__name__])
    code = run(sys.argv[1:])
    if kept is not None:
        kept.keep()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 5
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Scan what is staged where we stand, or what the arguments say; the exit code."""
    if arguments == ["--version"]:
        print(f"secrets-gitops-hook {__version__}")  # noqa: T201
        return 0
    try:
        return _scan(arguments)
    except KeyboardInterrupt:
        _say("interrupted\n")
        return 130
    except BaseException as error:  # noqa: BLE001  a bug must stop git, and say no more than its type and place
        _say(f"error: this is a bug in secrets-gitops: {type(error).__qualname__} at {_place(error)}\n")
        _say("hint: please open an issue with this line; git was stopped because not everything was scanned\n")
        return 5


def _scan(arguments: list[str]) -> int:
    from secrets_gitops.errors import Error

    try:
        match arguments:
            case []:
                return _tell(_staged(), _STAGED)
            case ["--pushed-range", *told] if len(told) <= 2:  # git adds the name and the URL of the remote
                return _tell(_pushed(told[0] if told else ""), _PUSHED)
            case ["--commit-msg", path]:
                return _tell(_message(path), _MESSAGE)
            case _:
                _say(f"error: the hook does not take `{arguments[-1]}`\nhint: {USAGE}\n")
                return 2
    except Error as error:
        _say(_words(error))
        return error.exit_code


def _staged() -> Report:
    from secrets_gitops.repository.index import Index

    index = Index(_root())
    index.begin()  # git works while the rest is imported

    from secrets_gitops.lint import gate
    from secrets_gitops.lint.options import of_environment

    options = of_environment(os.environ)
    index.ahead(change.path for change in index.changes() if not gate.is_binary_name(change.path))

    from secrets_gitops.lint.staged import scan_staged

    return scan_staged(index.root, os.environ, options, index)


def _root() -> str:
    from secrets_gitops.errors import SettingsError
    from secrets_gitops.repository.git import root_of_index

    root = root_of_index(".")
    if root is None:
        raise SettingsError("this is no git repository", hints=("the hook reads the index of a work tree",))
    return root


def _pushed(remote: str) -> Report:
    from secrets_gitops.lint import pushed
    from secrets_gitops.lint.options import of_environment
    from secrets_gitops.repository.git import store_of
    from secrets_gitops.repository.objects import Objects

    root = store_of(".")
    objects = Objects(root)
    push = pushed.asked(objects, os.environ, read=_read, remote=remote)
    return pushed.scan_pushed(root, objects, push, of_environment(os.environ))


def _read() -> str:
    return os.fsdecode(sys.stdin.buffer.read())  # the name of a ref may be any bytes


def _message(path: str) -> Report:
    from secrets_gitops.lint.message import scan_message

    return scan_message(_root(), path, os.environ)


def _tell(report: Report, advice: tuple[str, str]) -> int:
    """Print what a person has to know, and return the exit code. `advice` is for files too large, and for findings."""
    code = report.exit_code()
    if code == 0 and not report.notes:
        return 0
    from secrets_gitops.lint.report import text

    if code:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.buffer.write(text.findings(report._replace(suppressed=()), colour=colour).encode())
        sys.stdout.flush()
    _say(text.summary(report))
    if report.findings and os.environ.get("GIT_PREFIX"):  # git was called in a folder below, and calls hooks at the top
        _say(f"paths are relative to {os.getcwd()}, those in the commands too\n")
    if any("--max-bytes" in hint for error in report.incomplete for hint in error.hints):
        _say(f"hint: {advice[0]}\n")
    if code:
        _say(f"hint: {advice[1]}\n")
    return code


def _words(error: Error) -> str:
    from secrets_gitops.printable import printable

    place = f"  --> {printable(str(error.place))}\n" if error.place is not None else ""
    return f"error: {printable(error.message)}\n{place}" + "".join(f"hint: {printable(hint)}\n" for hint in error.hints)


def _place(error: BaseException) -> str:
    """File and line where `error` arose; its message could quote a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"


def _say(words: str) -> None:
    sys.stderr.write(words)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
