"""`wayside-cluster store`: tries the store of the pictures from this machine."""

import typer

from ray_cluster.cli.options import AsJson, ConfigFile, fail, loaded, show
from ray_cluster.errors import ClusterError


def store(config: ConfigFile, as_json: AsJson = False) -> None:
    """Try the object store of the pictures from this machine, with one read. Exit code 1 if it must not be used so.

    Run it as the user of the cluster, whose file the key is: `sudo -u wayside-cluster`.
    """
    from ray_cluster.archive.object_store.claim import check_claim, store_of  # noqa: PLC0415 - `--help` stays quick

    settings = loaded(config)
    try:
        found = store_of(settings.archive_dir, settings.pack_store)
    except ClusterError as error:
        fail(str(error))
    if found is None:
        show({"pictures": str(settings.archive_dir / "packs"), "store": "none", "fault": ""}, as_json=as_json)
        return
    from ray_cluster.archive.object_store.s3 import Patience, S3Objects  # noqa: PLC0415 - slow to import

    place, archive = found
    fault = ""
    try:
        check_claim(S3Objects(place, Patience(tries=1)), place, archive)
    except ClusterError as error:
        fault = str(error)
    facts = {
        "pictures": f"bucket {place.bucket}, prefix {place.prefix}",
        "store": place.endpoint,
        "state": "does not answer as it should" if fault else "answers" if archive else "answers; no archive is in it",
        "fault": fault,
    }
    show(facts, as_json=as_json)
    if fault:
        raise typer.Exit(1)
