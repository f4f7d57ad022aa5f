"""`secrets-gitops-hook`: the git hook. The same scan as `secrets-gitops lint --staged`, started as fast as can be.

It is paid for at every commit, so it imports neither click nor anything else that the scan does not need. It takes no
file names: a changed `.sops.yaml` has to report other files too. Findings go to standard output, all else to standard
error; a commit in which nothing is wrong is not talked about.

Whatever happens, a commit that was not scanned to its end is not let through.
"""

from __future__ import annotations

import gc
import os
import sys

from secrets_gitops import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secrets_gitops.errors import Error
    from secrets_gitops.lint.engine import Report

USAGE = "usage: secrets-gitops-hook [--version]"


def main() -> None:
    """Entry point of `secrets-gitops-hook`.

    Collecting garbage after every 700 objects, and taking the interpreter down piece by piece, cost a tenth of the run
    and free nothing that the end of the process does not free.
    """
    gc.set_threshold(100_000)
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 5
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Scan what is staged where we stand; the exit code."""
    if arguments == ["--version"]:
        print(f"secrets-gitops-hook {__version__}")  # noqa: T201
        return 0
    if arguments:
        _say(f"error: the hook takes no arguments, not even `{arguments[0]}`\nhint: {USAGE}\n")
        return 2
    try:
        return _scan()
    except KeyboardInterrupt:
        _say("interrupted\n")
        return 130
    except BaseException as error:  # noqa: BLE001  a bug must stop the commit, and say no more than its type and place
        _say(f"error: this is a bug in secrets-gitops: {type(error).__qualname__} at {_place(error)}\n")
        _say("hint: please open an issue with this line; the commit was stopped because it was not scanned\n")
        return 5


def _scan() -> int:
    from secrets_gitops.errors import Error, SettingsError
    from secrets_gitops.lint.policy import of_environment
    from secrets_gitops.lint.staged import scan_staged
    from secrets_gitops.repository.git import root_of

    try:
        root = root_of(".")
        if root is None:
            raise SettingsError("this is no git repository", hints=("the hook reads the index of a work tree",))
        report = scan_staged(root, os.environ, options=of_environment(os.environ))
    except Error as error:
        _say(_words(error))
        return error.exit_code
    return _tell(report)


def _tell(report: Report) -> int:
    """Print what a person has to know, and return the exit code."""
    code = report.exit_code()
    if code == 0 and not report.notes:
        return 0
    from secrets_gitops.lint.report import text

    if code:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.buffer.write(text.findings(report, colour=colour).encode())
        sys.stdout.flush()
    _say(text.summary(report))
    if any("--max-bytes" in hint for error in report.incomplete for hint in error.hints):
        _say("hint: `secrets-gitops lint --staged --max-bytes N` scans it; then `git commit --no-verify`\n")
    if code:
        _say("hint: mend what stands above, `git add` it again, and commit; what is staged counts, not the disk\n")
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
