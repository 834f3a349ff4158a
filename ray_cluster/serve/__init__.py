"""Runs the cluster as a Ray Serve application: the only package that imports `ray`.

    broker ⇒ intake ─▶ parser
                │ ├──▶ canary ◀─────────────────────┐
                │ ├──▶ embedder ◀───────────────────┤
                │ └──▶ archiver ─▶ archive directory ◀─ query ⇐ HTTP
                                          ▲
                                          └─ upkeep

`application` binds deployments and their callers; a file each has the replicas; `deployer` and `single_node` start and
stop them. `environment.prepare` must run before any of them is imported: Ray reads its environment at import. A library
that only one replica needs (networks, LanceDB) is imported in that replica's constructor: every process of the cluster
imports these files, and this saves the others 50 to 150 MB each.
"""
