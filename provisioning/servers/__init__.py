"""The centre's servers, from one plan: `wayside-provision cluster render county.toml`, and `check` on each machine.

```
plan ──▶ openings, database, watching, debian, keeping ──▶ tree: a folder for each server, as it lies under /
                                                            └──▶ manifest ──▶ check, on the machine itself
```
"""
