"""Where External Secrets' Vault provider looks: from `path` and `version` of a store and a remote key to API paths."""

from __future__ import annotations

from secrets_gitops.errors import BadReference


def data_path(mount: str | None, version: int, key: str) -> str:
    """Where the values of `key` are. A key may repeat the mount; without a mount its first segment is the mount.

    Raises BadReference for a key that names no more than a mount.
    """
    if version == 1:
        return key if mount is None or key.startswith(f"{mount}/") else f"{mount}/{key}"
    if mount is not None:
        if key.startswith(f"{mount}/"):
            key = key.removeprefix(f"{mount}/").removeprefix("data/")
        return f"{mount}/data/{key}"
    if "/data/" in key:
        return key
    first, _, rest = key.partition("/")
    if not rest:
        raise BadReference("the store has no `path`, so a key must begin with the mount: `MOUNT/PATH`")
    return f"{first}/data/{rest}"


def metadata_path(mount: str | None, version: int, key: str) -> str:
    """Where what is known about `key` is, and where names below it are listed. Unlike above, a repeated mount stays.

    Raises BadReference where External Secrets finds no such path.
    """
    if mount is not None:
        return f"{mount}/{key}" if version == 1 else f"{mount}/metadata/{key}"
    if version == 1 or "data" not in key:
        raise BadReference("metadata and `find` need the mount as `path` of the store")
    return key.replace("/data/", "/metadata/", 1)
