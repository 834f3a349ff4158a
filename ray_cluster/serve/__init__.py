"""The cluster as a Ray Serve application: the only package that imports `ray`.

    broker ⇒ intake ─▶ parser
                │ ├──▶ canary ◀─────────────────────┐
                │ ├──▶ embedder ◀───────────────────┤
                │ └──▶ archiver ─▶ archive directory ◀─ query ⇐ HTTP
                                          ▲
                                          └─ upkeep

`graph` says which deployments there are and who calls whom; a file each has the replicas; `node` and `run` start and
stop them. `environment.prepare` must have run before any of it is imported: Ray reads its environment while it is
imported. What only one replica needs (networks, LanceDB) is imported in that replica's constructor: every process of
the cluster imports these files, and it saves the others 50 to 150 MB each.
"""
