"""What importing costs and reaches: every module alone, the hook within its budget, the lint without crypto."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "secrets_gitops"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: correct-Horse7-battery\n"
ENVELOPE = (
    "ENC[AES256_GCM,data:Tr7o,iv:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=,tag:MTIzNDU2Nzg5MDEyMzQ1Ng==,type:str]"
)
SOPS_FILE = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: db
stringData:
  password: {ENVELOPE}
sops:
  lastmodified: "2026-01-01T00:00:00Z"
  mac: {ENVELOPE}
  version: 3.13.3
"""


def modules() -> list[str]:
    names = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return [name for name in names if name != "secrets_gitops.__main__"]


IMPORT_EACH = """
import os, sys
for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            __import__(name)
        except BaseException as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)
            os._exit(1)
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_every_module_imports_alone():
    """Each in a process in which nothing of ours is imported yet, so that no order of imports is needed."""
    done = subprocess.run([sys.executable, "-c", IMPORT_EACH, *modules()], capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_a_package_holds_a_docstring_and_nothing_else():
    """So that importing a module costs that module. The root also knows the version."""
    for path in PACKAGE.rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert isinstance(body[0], ast.Expr), path
        assert len(body) == 1 or path.parent == PACKAGE, path


def imported(code: str, cwd: Path) -> set[str]:
    """The names of all modules that a process has after running `code`."""
    tell = f"{code}\nimport sys; sys.stdout = sys.__stdout__\nprint('\\n' + ' '.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", tell], cwd=cwd, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture
def staged(tmp_path):
    """A Secret, a sops file, its rule, a kustomization and a token, staged: every rule gets its chance."""
    files = {
        "s.yaml": SECRET,
        "enc.yaml": SOPS_FILE,
        ".sops.yaml": "creation_rules:\n  - path_regex: enc\\.yaml$\n    age: age1qyqszqgpqyqszqgpqyqszqgpqyqszqgp\n",
        "kustomization.yaml": "secretGenerator:\n  - name: a\n    literals: [password=hunter2-hunter3]\n",
        "token.txt": "a: glpat" + "-Zx81kQmP20vB7nRt5sWq\n",
        "a.json": json.dumps({"kind": "List", "items": []}),
    }
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


FORBIDDEN = {
    "asyncio", "click", "concurrent.futures", "cryptography", "dataclasses", "email", "http", "inspect",
    "importlib.metadata", "kubernetes", "logging", "pathlib", "socket", "ssl", "subprocess", "tempfile", "threading",
    "tomllib", "traceback", "typing", "typing_extensions", "unittest", "urllib", "zipfile",
}  # fmt: skip
"""What a hook cannot pay for (`import x` in milliseconds: `make bench`), or must not reach."""


def test_the_hook_stays_within_its_budget(staged):
    before = imported("", staged)
    after = imported("from secrets_gitops.hook import run\nassert run([]) in (1, 3)", staged)
    new = after - before
    assert not new & FORBIDDEN
    assert not {name for name in new if name.startswith(("secrets_gitops.crypto", "secrets_gitops.cli"))}
    ours = {name for name in new if name.startswith("secrets_gitops")}
    assert len(new - ours) <= 56, sorted(new - ours)
    assert len(ours) <= 112, sorted(ours)


@pytest.fixture
def ordinary(tmp_path):
    """A commit in which nothing is wrong: an encrypted file and its rule, a workload, some text."""
    recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdqlx6p0qpyfr3n"
    begin, end = (f"-----{word} AGE ENCRYPTED FILE-----" for word in ("BEGIN", "END"))
    selector = "encrypted_regex: ^stringData$\n"
    key = f"    - recipient: {recipient}\n      enc: |\n        {begin}\n        {'A' * 64}\n        {end}\n"
    files = {
        "enc.yaml": SOPS_FILE.replace("sops:\n", f"sops:\n  {selector}  age:\n{key}"),
        ".sops.yaml": f"creation_rules:\n  - path_regex: enc\\.yaml$\n    {selector}    age: {recipient}\n",
        "deployment.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 2\n",
        "README.md": "# The shop\n\nSecrets are encrypted.\n",
    }
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    return tmp_path


def test_a_commit_in_which_nothing_is_wrong_needs_few_modules(ordinary):
    before = imported("", ordinary)
    new = imported("from secrets_gitops.hook import run\nassert run([]) == 0", ordinary) - before
    assert not new & {"importlib", "hashlib"}
    ours = {name for name in new if name.startswith("secrets_gitops")}
    assert len(ours) <= 102, sorted(ours)


COUNT = """
import re, sys
compile, compiled, steps = re.compile, [], 0
re.compile = lambda *given: compiled.append(given) or compile(*given)
def count(frame, event, given):
    global steps
    steps += event == "opcode"
    frame.f_trace_opcodes = True
    return count
from secrets_gitops.hook import run
sys.settrace(count)
code = run([])
sys.settrace(None)
print(code, len(compiled), steps)
"""


def test_it_compiles_few_expressions_and_takes_few_steps(ordinary):
    """What a scan prepares once is paid at every commit; a product of two tables shows here first."""
    done = subprocess.run([sys.executable, "-c", COUNT], cwd=ordinary, capture_output=True, text=True, check=True)
    code, compiled, steps = map(int, done.stdout.split())
    assert code == 0
    assert compiled <= 28
    assert steps <= 850_000  # of the interpreter


@pytest.mark.parametrize("arguments", [["--pushed-range"], ["--commit-msg", "token.txt"]])
def test_the_hooks_for_pushes_and_messages_do_so_too(staged, arguments):
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run([*git, "commit", "-q", "-m", "all"], cwd=staged, check=True)
    before = imported("", staged)
    new = imported(f"from secrets_gitops.hook import run\nassert run({arguments}) in (1, 3)", staged) - before
    assert not new & FORBIDDEN
    assert not {name for name in new if name.startswith(("secrets_gitops.crypto", "secrets_gitops.cli"))}


def test_the_version_is_told_before_click_is_imported(tmp_path):
    code = "import sys; sys.argv = ['secrets-gitops', '--version']\nfrom secrets_gitops.cli.main import main; main()"
    new = imported(code, tmp_path) - imported("", tmp_path)
    assert {name for name in new if name.startswith("secrets_gitops")} == {
        "secrets_gitops",
        "secrets_gitops.cli",
        "secrets_gitops.cli.main",
    }
    assert not new & FORBIDDEN


def test_help_imports_no_command(tmp_path):
    code = "from secrets_gitops.cli.main import run; run(['--help'])"
    new = imported(code, tmp_path) - imported("", tmp_path)
    table = {f"secrets_gitops.cli.{module}" for module, _ in _commands().values()}
    assert not new & table
    assert not new & {"cryptography", "yaml", "kubernetes"}


def _commands() -> dict[str, tuple[str, str]]:
    from secrets_gitops.cli.main import COMMANDS

    return COMMANDS


def imports_of(path: Path) -> set[str]:
    """Every module of ours that a file imports at run time, inside functions too; what only types need is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("start", ["hook", "lint"])
def test_the_gate_reaches_neither_crypto_nor_clients_nor_backends(start):
    """Not even indirectly, and not inside a function either."""
    known = {name: _file(name) for name in modules()}
    waiting = [
        name for name in known if name == f"secrets_gitops.{start}" or name.startswith(f"secrets_gitops.{start}.")
    ]
    reached: dict[str, str] = dict.fromkeys(waiting, start)
    while waiting:
        name = waiting.pop()
        for other in imports_of(known[name]) & known.keys() - reached.keys():
            reached[other] = name
            waiting.append(other)
    for name, by in reached.items():
        assert name.split(".")[1:2] not in (["crypto"], ["clients"], ["backends"]), f"{by} imports {name}"
    outside = {name: imports_of(known[name]) for name in reached}
    for name, found in outside.items():
        assert not {other.partition(".")[0] for other in found} & {"cryptography", "click", "kubernetes"}, name


def _file(name: str) -> Path:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_the_package_data_is_where_the_code_is():
    assert os.path.exists(PACKAGE / "lint" / "rules" / "provider_tokens.toml")
