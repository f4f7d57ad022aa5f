"""`controller manifests`: what installs the controller."""

from __future__ import annotations

import click

from secrets_gitops import __version__
from secrets_gitops.cli import console


@click.command(
    name="manifests",
    help="Print what installs the controller: the definitions of its kinds, its rights and its Deployment. Give it to"
    " `kubectl apply -f -`. Names are those of the original sealed-secrets, which it replaces where it stands.",
)
@click.option("-n", "--namespace", default="kube-system", metavar="NS", help="Where the controller runs.")
@click.option(
    "--watch-namespace",
    "watched",
    multiple=True,
    metavar="NS",
    help="Work in this namespace and its own alone, with Roles instead of a ClusterRole. May be given several times.",
)
@click.option(
    "--enable",
    "kinds",
    multiple=True,
    metavar="KIND",
    help="A kind beside SealedSecret: externalsecrets or sopssecrets. May be given several times.",
)
@click.option("--replicas", type=click.IntRange(0), default=1, metavar="N", help="How many pods share the work.")
@click.option(
    "--image", default=f"secrets-gitops:{__version__}", metavar="IMAGE", show_default=True, help="What the pods run."
)
@click.option("--only", type=click.Choice(["crds", "rbac", "deployment"]), help="Print this part alone.")
def command(
    namespace: str, watched: tuple[str, ...], kinds: tuple[str, ...], replicas: int, image: str, only: str | None
) -> None:
    """Print the manifests."""
    from secrets_gitops.controller import manifests
    from secrets_gitops.controller.deploy.plan import Plan

    enabled = {word.strip() for kind in kinds for word in kind.split(",")} - {"sealedsecrets", ""}
    plan = Plan(
        image=image,
        namespace=namespace,
        watched=tuple(sorted(set(watched))),
        kinds=tuple(sorted(enabled)),
        replicas=replicas,
    )
    part = next((part for part in manifests.PARTS if part == only), None)
    console.write(manifests.manifests(plan, part))
