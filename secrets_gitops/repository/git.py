"""Git: where a repository begins, and its plumbing run safely.

The hook's start-up is felt, so processes are started with `posix_spawn` (`import subprocess` costs half a bare
interpreter) and there are few of them. No call takes a lock, runs a hook, a monitor or a filter of the repository,
asks for a password, or fetches objects; objects are read as they are published (no `git replace`). The environment is
inherited: `git commit -a` and `--amend` name a temporary index in GIT_INDEX_FILE, a server its quarantine.
"""

from __future__ import annotations

import os
import select

from secrets_gitops.errors import FileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SAFE = (
    "--no-optional-locks", "--no-replace-objects", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null",
)  # fmt: skip
_TERMINATE = 15
"""`signal.SIGTERM`, without the import of `signal`."""
_FROM_HERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
"""Variables whose relative value counts from where we stand, not from where `git -C` goes."""


class Process:
    """One running git. What it writes to standard error is read on the way, so that no pipe fills up."""

    __slots__ = ("_complaints", "_pid", "_poll", "_stderr", "_stdin", "_stdout", "_verb")

    def __init__(
        self, arguments: Sequence[str], root: str, *, feed: bool = False, settings: tuple[str, ...] = _SAFE
    ) -> None:
        command = ["git", *settings, "-C", root, *arguments]
        self._verb = arguments[0]
        self._complaints = b""
        outputs, complaints = os.pipe(), os.pipe()
        inputs = os.pipe() if feed else (os.open(os.devnull, os.O_RDONLY), -1)
        self._stdin, self._stdout, self._stderr = inputs[1], outputs[0], complaints[0]
        theirs = inputs[0], outputs[1], complaints[1]
        try:
            actions = [(os.POSIX_SPAWN_DUP2, fd, at) for at, fd in enumerate(theirs)]
            self._pid = os.posix_spawnp("git", command, _environment(), file_actions=actions)
        except OSError as error:
            self._close()
            reason = os.strerror(error.errno or 0)
            raise FileError(
                f"cannot run git: {reason[:1].lower()}{reason[1:]}", hints=("install git, or put it on PATH",)
            ) from error
        finally:
            for fd in theirs:
                os.close(fd)
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)
        self._poll.register(self._stderr, select.POLLIN)

    def send(self, data: bytes) -> None:
        """Write to git's standard input, at most a pipe's worth (4096 bytes). That git is gone shows in `read`."""
        try:
            os.write(self._stdin, data)
        except BrokenPipeError:
            return

    def send_all(self, data: bytes) -> None:
        """Write all of git's standard input, for a command that reads it to its end before it answers."""
        try:
            while data:
                data = data[os.write(self._stdin, data) :]
        except BrokenPipeError:
            pass
        os.close(self._stdin)
        self._stdin = -1

    def read(self) -> bytes:
        """The next bytes of standard output; none at its end."""
        while True:
            for fd, _ in self._poll.poll():
                data = os.read(fd, 1 << 16)
                if fd == self._stdout:
                    return data
                self._hear(data)

    def _hear(self, data: bytes) -> None:
        self._complaints = (self._complaints + data)[:8192]
        if not data:
            self._poll.unregister(self._stderr)

    def wait(self) -> int:
        """Hear git out and return its exit code; negative when a signal ended it."""
        while data := os.read(self._stderr, 1 << 16):
            self._hear(data)
        return self._reap()

    def stop(self) -> None:
        """End git, whatever it is at; nothing when it is gone already."""
        if self._pid:
            os.kill(self._pid, _TERMINATE)  # it may hang, and whoever stops it has no time to wait for it
            self._reap()

    def _reap(self) -> int:
        self._close()
        pid, self._pid = self._pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _close(self) -> None:
        for fd in (self._stdin, self._stdout, self._stderr):
            if fd >= 0:
                os.close(fd)

    def missed_something(self) -> bool:
        """Whether git could not look into a folder, which it takes for a success."""
        return b"could not open directory" in self._complaints

    def failure(self, status: int) -> FileError:
        """What went wrong, in git's words."""
        lines = os.fsdecode(self._complaints).splitlines()
        reason = next(
            (line for line in lines if line.startswith(("fatal: ", "error: ", "warning: "))), lines[-1] if lines else ""
        )
        reason = reason.partition(": ")[2] or reason or f"exit {status}"
        if any("safe.directory" in line for line in lines):
            hint = f"if you trust this repository: `{lines[-1].strip()}`"
        elif reason.startswith("not a git repository"):
            hint = "stand in a repository, or make one with `git init`"
        else:
            hint = "`git fsck` tells more; a partial clone gets what it lacks by `git fetch --refetch`"
        return FileError(f"git {self._verb}: {reason}", hints=(hint,))


def _environment() -> dict[str, str]:
    environ = {
        **os.environ,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # what keeps a git older than 2.44 from fetching
        "LC_ALL": "C",
    }
    for name in _FROM_HERE:
        if name in environ:
            environ[name] = os.path.abspath(environ[name])
    return environ


def run(arguments: Sequence[str], root: str) -> bytes:
    """What `git ARGUMENTS` prints when started in `root`. Raises FileError when git fails or is not there."""
    return finish(Process(arguments, root))


def finish(process: Process) -> bytes:
    """What a process that was started earlier prints, as `run` has it."""
    status, output = _heard_out(process)
    if status or process.missed_something():
        raise process.failure(status)
    return output


def says_yes(arguments: Sequence[str], root: str) -> bool:
    """Whether `git ARGUMENTS` ends with 0 (yes) or 1 (no). Raises FileError for anything else."""
    process = Process(arguments, root)
    status, _ = _heard_out(process)
    if status not in (0, 1):
        raise process.failure(status)
    return status == 0


def _heard_out(process: Process) -> tuple[int, bytes]:
    try:
        parts = []
        while data := process.read():
            parts.append(data)
        return process.wait(), b"".join(parts)
    finally:
        process.stop()


def records(output: bytes) -> Iterator[str]:
    """The NUL-ended fields of a `-z` output; bytes that are not UTF-8 become surrogates."""
    return (os.fsdecode(field) for field in output.split(b"\0")[:-1])


def store_of(path: str) -> str:
    """The folder to start git in for what is stored: the top of the work tree, or the bare repository, `path` is in.

    Raises FileError when there is none, or git does not trust it.
    """
    output = run(("rev-parse", "--is-inside-work-tree", "--absolute-git-dir"), path)
    inside, _, folder = os.fsdecode(output.removesuffix(b"\n")).partition("\n")
    if inside == "true" and (top := root_of(path)):
        return top
    return folder


def root_of(path: str) -> str | None:
    """The top folder of the work tree that holds `path` (a file or folder that need not exist), or None.

    Without git where that is possible: the nearest folder above with a `.git` folder or file. A GIT_DIR in the
    environment decides before that, as it does for git.
    """
    start = os.path.realpath(path)
    if "GIT_DIR" in os.environ and (top := _top_from_environment()) and _holds(top, start):
        return top
    folder = start if os.path.isdir(start) else os.path.dirname(start)
    while not _is_repository(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def root_of_index(path: str) -> str | None:
    """As `root_of`, and the work tree that GIT_DIR and GIT_WORK_TREE name though `path` lies elsewhere: git's index."""
    return root_of(path) or (_top_from_environment() if "GIT_DIR" in os.environ else None)


def _top_from_environment() -> str | None:
    try:
        output = run(("rev-parse", "--show-toplevel"), ".")
    except FileError:  # a bare repository, or none: no work tree
        return None
    return os.path.realpath(os.fsdecode(output.removesuffix(b"\n")))


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_repository(path: str) -> bool:
    return os.path.isfile(path) or os.path.lexists(os.path.join(path, "HEAD"))


def is_bare(folder: str) -> bool:
    """Whether `folder` lies in a bare repository, or in git's own folder of another."""
    folder = os.path.realpath(folder)
    while not all(os.path.lexists(os.path.join(folder, name)) for name in ("HEAD", "objects", "refs")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent
    return True


def hooks_folder(root: str) -> str:
    """Where git looks for the hooks of the work tree at `root`: `core.hooksPath`, or what all work trees share."""
    return _folder(("rev-parse", "--git-path", "hooks"), root)


def common_folder(root: str) -> str:
    """Git's own folder of the clone that the work tree at `root` belongs to."""
    return _folder(("rev-parse", "--git-common-dir"), root)


def private_path(root: str, name: str) -> str:
    """Where git keeps its file `name` (`MERGE_HEAD`) for the work tree at `root`."""
    return _folder(("rev-parse", "--git-path", name), root)


def _folder(arguments: Sequence[str], root: str) -> str:
    process = Process(arguments, root, settings=())  # ours would hide the user's `core.hooksPath`
    status, output = _heard_out(process)
    if status:
        raise process.failure(status)
    return os.path.normpath(os.path.join(root, os.fsdecode(output.removesuffix(b"\n"))))
