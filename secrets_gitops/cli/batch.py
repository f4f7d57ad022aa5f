"""A run over files: one after the other, with progress where a person watches, and one summary.

Files that were all named go together: an error in the last leaves the first as it is. In a run over folders or over
the repository each file is done when it is written; an error is told and the run goes on, and running again takes up
what is left.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import click

from secrets_gitops.cli import console
from secrets_gitops.errors import Error, worst
from secrets_gitops.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from secrets_gitops.encrypted_files.selected import Selected
    from secrets_gitops.keys.keyring import Keyring
    from secrets_gitops.repository.files import Together

all_option = click.option("--all", "every", is_flag=True, help="Take every such file of the repository.")
files_argument = click.argument("files", nargs=-1, metavar="[FILE | FOLDER]...")
_AT_ONCE = 8
"""Files that wait for services at the same time."""
_TOGETHER = 200
"""Files whose data keys are asked for in one go."""
_OPEN = 64
"""Files that are written together; all of them are open at a time."""
_HELD = 16 << 20
"""Bytes that wait to be written together at most, but for the last file."""
_FAR = (b"arn:", b"vault_address", b"vault_url", b"resource_id")
"""Bytes of which one stands in every file that has a key of a service."""


class Done(NamedTuple):
    """What became of one file."""

    word: str
    """For the summary: `encrypted`, `unchanged`."""
    line: str = ""
    """What to say of it; empty: nothing, in a run over many."""
    data: bytes | None = None
    """What is to be written; None: nothing."""
    target: str | None = None
    """Where; None: standard output."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    """Lines for standard output once the file is written."""
    code: int = 0
    silent: bool = False
    """Nothing was to be done; not said in a run over many."""


def made(word: str, path: str, data: bytes, target: str | None, notes: tuple[str, ...] = ()) -> Done:
    """`data` was made of the file `path`, in its place, in another file, or (None) for standard output."""
    line = "" if target is None else f"{word} {path}" if target == path else f"wrote {target}"
    return Done(word, line, data, target, notes)


def run(
    chosen: Selected,
    step: Callable[[str], Done],
    *,
    dry_run: bool = False,
    carry_on: bool = False,
    written: Callable[[str, bytes], None] | None = None,
    keyring: Keyring | None = None,
    waits: bool = False,
) -> int:
    """Carry out `step` for each file and write what it gives. Returns the exit code.

    `carry_on`: an error in one file does not keep the others from being done, also where all were named. `written` is
    told of each file that was written. `keyring`: its services are asked for many data keys at once. `waits`: a step
    waits for services, so a few of them are carried out at the same time; writing stays one after the other.
    """
    for note in chosen.notes:
        console.note(note)
    if not chosen.searched and not carry_on:
        prepared(chosen.files, keyring)
        results = [(path, result()) for path, result in _steps(chosen.files, step, waits=waits)]
        for begin in range(0, len(results), _OPEN):
            group = results[begin : begin + _OPEN]
            together = _together(group, dry_run=dry_run)
            try:
                for path, done in group:
                    _finish(path, done, together, dry_run=dry_run, quiet=False, written=written)
            finally:
                if together is not None:
                    together.close()
        return worst([done.code for _, done in results])
    counts: Counter[str] = Counter()
    codes: list[int] = []
    progress = _Progress(len(chosen.files))
    waiting: list[tuple[str, Done]] = []

    def failed(error: Error) -> None:
        progress.clear()
        console.show(error)
        counts["failed"] += 1
        codes.append(error.exit_code)

    def write() -> None:
        group = waiting.copy()
        waiting.clear()
        try:
            together = _together(group, dry_run=dry_run)
        except Error:  # each by itself then, to see which one it is
            together = None
        for path, done in group:
            try:
                progress.clear()
                _finish(path, done, together, dry_run=dry_run, quiet=chosen.searched, written=written)
            except Error as error:
                failed(error)
            else:
                counts[done.word] += 1
                codes.append(done.code)
        try:
            if together is not None:
                together.close()
        except Error as error:
            failed(error)

    try:
        for at, (path, result) in enumerate(_steps(chosen.files, step, waits=waits)):
            if at % _TOGETHER == 0:
                prepared(chosen.files[at : at + _TOGETHER], keyring)
            progress.show(at, path)
            try:
                waiting.append((path, result()))
            except Error as error:
                write()
                failed(error)
            if len(waiting) == _OPEN or sum(len(done.data or b"") for _, done in waiting) > _HELD:
                write()
        write()
    except (KeyboardInterrupt, click.Abort):
        progress.clear()
        finished = sum(counts.values())
        console.note(f"stopped after {finished} of {len(chosen.files)} files; run the same again to go on")
        raise
    progress.clear()
    if chosen.searched:
        console.note(_summary(counts, dry_run=dry_run))
    return worst(codes)


def _steps(
    paths: Sequence[str], step: Callable[[str], Done], *, waits: bool
) -> Iterator[tuple[str, Callable[[], Done]]]:
    """Each file with a call that gives its result; a few are under way before they are asked for."""
    if not waits or len(paths) < 2:
        yield from ((path, partial(step, path)) for path in paths)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for at in range(0, len(paths), _AT_ONCE):
            futures = [(path, pool.submit(step, path)) for path in paths[at : at + _AT_ONCE]]
            yield from ((path, future.result) for path, future in futures)


def _together(group: Sequence[tuple[str, Done]], *, dry_run: bool) -> Together | None:
    """What is to be written of these, in files that wait for their place; None where it is not worth while."""
    contents = [(done.target, done.data) for _, done in group if done.target is not None and done.data is not None]
    if dry_run or len(contents) < 2:
        return None
    from secrets_gitops.repository.files import Together

    for folder in {os.path.dirname(target) for target, _ in contents}:
        if folder:
            os.makedirs(folder, exist_ok=True)
    return Together(contents)


def _finish(
    path: str,
    done: Done,
    together: Together | None,
    *,
    dry_run: bool,
    quiet: bool,
    written: Callable[[str, bytes], None] | None,
) -> None:
    """Write what there is to write, or let it take its place where it waits in `together`, and say what was done."""
    for note in done.notes:
        console.note(note)
    for warning in done.warnings:
        console.warn(warning)
    if done.data is not None and not dry_run:
        if done.target is None:
            console.write(done.data)
        else:
            from secrets_gitops.cli import sops_files

            if together is None:
                sops_files.write(done.target, done.data)
            else:
                together.place()
            if written is not None:
                written(path, done.data)
    if done.line and not (quiet and done.silent):
        console.note(f"would have {done.line}" if dry_run and done.data is not None else done.line)
    for line in done.after:
        console.write(line + "\n")


def _summary(counts: Counter[str], *, dry_run: bool) -> str:
    total = sum(counts.values())
    if not total:
        return "no files to look at"
    parts = ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), key=lambda item: item[0] == "failed"))
    return f"{total} file{'s' * (total != 1)}: {parts}{' (dry run: nothing was written)' if dry_run else ''}"


def prepared(paths: Sequence[str], keyring: Keyring | None) -> None:
    """Let services that hold keys open the data keys of these files together. What is wrong with a file shows later.

    Files are read for that, and again by their step, so what can be read only once, like a pipe, is left to its step.
    """
    if keyring is None or len(paths) < 2:
        return
    documents = []
    for path in paths:
        if path == "-" or not os.path.isfile(path):
            continue
        from secrets_gitops.encrypted_files.decrypt import read_sealed
        from secrets_gitops.repository import files

        try:
            data = files.read(path)
            if any(mark in data for mark in _FAR):
                documents.append(read_sealed(data, path))
        except Error:
            continue
    if documents:
        from secrets_gitops.envelopes.sops import groups

        groups.prepare(documents, keyring)


class _Progress:
    """One line that says how far the run is, where standard error is a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = sys.stderr.isatty() and total > 1

    def show(self, at: int, path: str) -> None:
        if self._shown:
            width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
            sys.stderr.write(f"\r\x1b[K{f'{at + 1}/{self._total} {printable(path)}'[: max(width - 1, 1)]}")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
