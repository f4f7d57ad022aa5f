"""PyYAML, imported with its expressions waiting: it is whole afterwards, and so is `re`."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import re
before = re.compile
from secrets_gitops.documents.libyaml import yaml
assert re.compile is before
assert yaml.__with_libyaml__
for loader in (yaml.SafeLoader, yaml.CSafeLoader):
    tree = yaml.load('a: 1\\nb: [true, 2020-01-02, 1.5e3, 0x1F, ~]\\nc: "\\u00e9"\\n', Loader=loader)
    print(tree)
    try:
        yaml.load('a: "\\x07"', Loader=loader)
    except yaml.reader.ReaderError as error:
        print(type(error).__name__)
print(yaml.safe_dump({"a": ["1", 1, None]}), end="")
"""


def test_the_python_half_works_as_before():
    expected = subprocess.run(
        [sys.executable, "-c", CODE.replace("from secrets_gitops.documents.libyaml import yaml", "import yaml")],
        capture_output=True,
        check=True,
    )
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
    assert done.stdout == expected.stdout
    assert done.stdout.count(b"ReaderError") == 2
