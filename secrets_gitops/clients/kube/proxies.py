"""Which HTTP proxy leads to the API server: the environment's, by Go's rules, unless a kubeconfig names one."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxy_for(server: str, environ: Mapping[str, str]) -> str | None:
    """The proxy for `server`, which is https; None when it is asked directly. This machine never is behind one."""
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
    host = (urlsplit(server).hostname or "").rstrip(".")
    if not proxy or host == "localhost":
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None and address.is_loopback:
        return None
    excepted = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if any(_matches(entry.strip().lower(), host, address) for entry in excepted.split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _matches(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    """`*`, an address, a network, `example.org` (and all below it) or `.example.org` (only those below it)."""
    if not entry or entry == "*":
        return entry == "*"
    if address is not None:
        try:
            return address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    if entry.startswith("*."):
        entry = entry[1:]
    return host.endswith(entry) if entry.startswith(".") else host == entry or host.endswith("." + entry)
