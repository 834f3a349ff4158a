"""Configures Prometheus on every server and Grafana on the head, with the shipped rules and dashboards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.cluster import Node
from provisioning.errors import ClusterPlanError
from provisioning.servers.plan import PlannedServer, ServersPlan
from provisioning.servers.ports import CENTER_METRICS, FEDERATE, GRAFANA, METRICS, NODE_EXPORTER
from provisioning.servers.tree import ETC, SECRET, File

RULES: Final = "/etc/prometheus/wayside/rules/cluster.yml"
CONFIGURATION: Final = "/etc/prometheus/wayside/prometheus.yml"
GRAFANA_PASSWORD: Final = f"{ETC}/secrets/grafana-admin"
PACKAGES: Final = (
    "prometheus",
    "prometheus-node-exporter",
    "prometheus-node-exporter-collectors",
    "smartmontools",
    "nvme-cli",
)
"""Debian's, on every server. The collectors' timers, which read SMART, run only where there is such a disk."""
_NODE: Final = f"127.0.0.1:{NODE_EXPORTER}"
_STORAGE: Final = (
    '{job="node",__name__=~"node_(filesystem|md)_.+"}',
    '{job="node",__name__=~"smartmon_device_smart_healthy|nvme_critical_warning"}',
    'node_systemd_unit_state{job="node",name=~".+[.]mount",state="failed"}',
)
"""Series of the other servers' storage, which the centre judges."""


def prometheus(plan: ServersPlan, server: PlannedServer, provisioning: int | None) -> Iterator[File]:
    """Yields configuration, rules and arguments of Debian's unit. `provisioning`: the home's `metrics_port`."""
    yield File.text(CONFIGURATION, _json(_configuration(plan, server, provisioning)))
    yield File.text(RULES, shipped("prometheus/rules/cluster.yml").read_text(encoding="utf-8"))
    yield File.text(
        "/etc/default/prometheus-node-exporter",
        f'# Rendered by wayside-provision. For this server\'s Prometheus alone.\nARGS="--web.listen-address={_NODE}"\n',
    )
    at = "127.0.0.1" if server is plan.head else server.address
    bound = f"[{at}]" if ":" in str(at) else at
    yield File.text(
        "/etc/default/prometheus",
        "# Rendered by wayside-provision. Doors of the replicas are on loopback, so there is one Prometheus a server.\n"
        f'ARGS="--config.file={CONFIGURATION} --web.listen-address={bound}:{FEDERATE}'
        f' --storage.tsdb.retention.time={plan.retention_days}d"\n',
    )


def grafana(plan: ServersPlan, server: PlannedServer, password: bytes) -> Iterator[File]:
    """Yields data source and dashboards, on loopback: operators come by `ssh -L 3000:127.0.0.1:3000`."""
    if not plan.grafana or server is not plan.head:
        return
    yield File.text("/etc/grafana/grafana.ini", _GRAFANA)
    yield File(GRAFANA_PASSWORD, password, SECRET, "grafana")
    source: dict[str, Any] = {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Wayside",
                "uid": "wayside",
                "type": "prometheus",
                "access": "proxy",
                "url": f"http://127.0.0.1:{FEDERATE}",
                "isDefault": True,
                "editable": False,
            }
        ],
    }
    boards = {
        "apiVersion": 1,
        "providers": [
            {
                "name": "wayside",
                "folder": "Wayside",
                "type": "file",
                "allowUiUpdates": False,
                "options": {"path": f"{ETC}/dashboards"},
            }
        ],
    }
    yield File.text("/etc/grafana/provisioning/datasources/wayside.yaml", _json(source))
    yield File.text("/etc/grafana/provisioning/dashboards/wayside.yaml", _json(boards))
    for name in ("wayside-cluster", "wayside-archive", "wayside-center"):
        yield File(f"{ETC}/dashboards/{name}.json", shipped(f"grafana/{name}.json").read_bytes())


def shipped(name: str) -> Path:
    """Returns a file of `deploy/`: inside an installed package, or beside this checkout's.

    Raises:
        ClusterPlanError: it is in neither.
    """
    for folder in (Path(__file__).parent / "shipped", Path(__file__).parents[2] / "deploy"):
        if (folder / name).is_file():
            return folder / name
    raise ClusterPlanError(f"{name}: is not in this installation; install the release anew")


def _configuration(plan: ServersPlan, server: PlannedServer, provisioning: int | None) -> dict[str, Any]:
    """Builds Prometheus' configuration (JSON is YAML). The head scrapes the other servers and Ray's exporters too."""
    scrape: list[dict[str, Any]] = [
        {
            "job_name": "wayside-cluster",
            "file_sd_configs": [{"files": ["/var/cache/wayside-cluster/metrics/*.json"], "refresh_interval": "15s"}],
        },
        {"job_name": "node", "static_configs": [{"targets": [_NODE]}]},
    ]
    if server is plan.head:
        port = int(Node.model_fields["first_port"].default) + METRICS
        ray = [{"targets": [_target(each.address, port)], "labels": {"server": each.name}} for each in plan.servers]
        scrape.append({"job_name": "ray", "static_configs": ray})
        for job, own in (("wayside-center", CENTER_METRICS), ("wayside-provisioning", provisioning)):
            if own is not None:
                scrape.append({"job_name": job, "static_configs": [{"targets": [_target("127.0.0.1", own)]}]})
        others = [
            {"targets": [_target(each.address, FEDERATE)], "labels": {"server": each.name}}
            for each in plan.servers
            if each is not server
        ]
        if others:
            scrape.append(
                {
                    "job_name": "federate",
                    "honor_labels": True,
                    "metrics_path": "/federate",
                    "params": {"match[]": ['{__name__=~"wayside_.+"}', "up", *_STORAGE]},
                    "static_configs": others,
                }
            )
    return {
        "global": {
            "scrape_interval": "15s",
            "evaluation_interval": "15s",
            "external_labels": {"server": server.name},
        },
        "rule_files": ["rules/cluster.yml"],
        "scrape_configs": scrape,
    }


def _target(address: object, port: int) -> str:
    return f"[{address}]:{port}" if ":" in str(address) else f"{address}:{port}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


_GRAFANA: Final = f"""\
; Rendered by wayside-provision. No door beyond this machine, no word to its maker.
[server]
http_addr = 127.0.0.1
http_port = {GRAFANA}
[security]
admin_user = admin
admin_password = $__file{{{GRAFANA_PASSWORD}}}
disable_gravatar = true
[users]
allow_sign_up = false
[auth.anonymous]
enabled = false
[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
[plugins]
plugin_admin_enabled = false
[snapshots]
external_enabled = false
"""
