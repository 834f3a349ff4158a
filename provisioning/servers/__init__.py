"""Sets up the centre's servers from one plan: `wayside-provision cluster render`, and `check` on each machine.

```
plan ──▶ ports, database, monitoring, debian, backups ──▶ tree: a folder for each server, as it lies under /
                                                           └──▶ manifest ──▶ check, on the machine itself
```
"""
