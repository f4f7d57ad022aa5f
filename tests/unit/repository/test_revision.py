"""The commit and the repository under a work tree, as a report names them: without anybody's password."""

from __future__ import annotations

import subprocess

import pytest

from secrets_gitops.repository.revision import address, revision_of


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://git.example.org/shop/gitops.git", "https://git.example.org/shop/gitops.git"),
        ("https://deploy:pass%40word@git.example.org:8443/a.git", "https://git.example.org:8443/a.git"),
        ("https://oauth2@git.example.org/a.git", "https://git.example.org/a.git"),
        ("ssh://git@git.example.org:22/a.git", "ssh://git.example.org:22/a.git"),
        ("git@git.example.org:shop/gitops.git", "ssh://git.example.org/shop/gitops.git"),
        ("https://git.example.org/a.git?private_token=abc", ""),
        ("/srv/git/a.git", ""),
        ("../a.git", ""),
        ("file:///srv/git/a.git", ""),
        ("C:/git/a.git", ""),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_user_and_password_or_not_at_all(url, shown):
    assert address(url) == shown


def test_a_work_tree_has_commit_branch_and_remote(tmp_path):
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert revision_of(str(tmp_path)) is None
    git("init", "-q")
    assert revision_of(str(tmp_path)) is None
    git("commit", "-q", "--allow-empty", "-m", "first")
    head = git("rev-parse", "HEAD").strip()
    assert revision_of(str(tmp_path)) == (head, "main", "")
    git("remote", "add", "origin", "https://deploy:password@git.example.org/a.git")
    git("commit", "-q", "--allow-empty", "-m", "second")
    assert revision_of(str(tmp_path), "HEAD~1") == (head, "", "https://git.example.org/a.git")
    assert revision_of(str(tmp_path), "no-such-commit") is None
    git("checkout", "-q", "--detach", head)
    assert revision_of(str(tmp_path)) == (head, "", "https://git.example.org/a.git")
