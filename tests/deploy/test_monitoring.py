"""Rules and dashboards as shipped: nothing names a metric that nothing exports, and a real Prometheus runs all of it.

the agent's, cluster's, centre's and provisioning's metrics ──▶ loopback ──▶ Prometheus (Debian), with deploy/prometheus
                                                                                ▲── every expression of deploy/grafana
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from prometheus_client.metrics_core import Metric

from center.metrics import MetricsInputs, open_metrics
from center.metrics import families as center_families
from edge_agent.metrics import families as agent_families
from provisioning.home.home import Home
from provisioning.service.metrics import families as provisioning_families
from provisioning.service.metrics import open_door
from ray_cluster.query.admission import Admission, limits
from ray_cluster.serve.metrics import archive_families, intake_families, query_families
from tests.edge_agent.figures import agent_told
from tests.support.ports import free_port
from tests.support.telling import (
    agent_door,
    archive_told,
    center_told,
    cluster_doors,
    intake_told,
    provisioning_home,
)
from tests.support.waiting import LONG_S, until

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARDS = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
UIDS = {"wayside-archive", "wayside-center", "wayside-cluster", "wayside-edge"}
_HAN = re.compile(r"[一-鿿]")
_NAMES = re.compile(r"\bwayside_[a-z0-9_]*[a-z0-9]\b(?!_)")
_RECORDED = re.compile(r"\bwayside:[a-z0-9_:]+")


def exported(home: Home, center: MetricsInputs) -> set[str]:
    """Names of all samples that the real registries give."""

    def of(families: Iterator[Metric]) -> set[str]:
        found = list(families)
        # A counter by label has no sample before it has counted anything.
        counters = {f"{each.name}_total" for each in found if each.type == "counter"}
        return counters | {each.name for each in found} | {sample.name for each in found for sample in each.samples}

    archive = archive_told()
    of(archive_families(archive))  # its first commit
    query = Admission(limits(cores=2))
    cluster = of(intake_families(intake_told())) | of(archive_families(archive)) | of(query_families(query))
    return of(agent_families(agent_told())) | cluster | of(center_families(center)) | of(provisioning_families(home))


def recorded() -> set[str]:
    rules = "".join(path.read_text(encoding="utf-8") for path in (PROMETHEUS / "rules").iterdir())
    return set(re.findall(r"record: (\S+)", rules))


def expressions(dashboard: Path) -> list[str]:
    panels = json.loads(dashboard.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_nothing_names_a_metric_that_nothing_exports(tmp_path: Path) -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in (*DASHBOARDS, *(PROMETHEUS / "rules").iterdir())}
    texts[ROOT / "docs" / "monitoring.md"] = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    with center_told(tmp_path / "center") as center:
        known, records = exported(provisioning_home(tmp_path / "home"), center), recorded()
    for path, text in texts.items():
        assert set(_NAMES.findall(text)) - known == set(), path
        assert set(_RECORDED.findall(text)) - records == set(), path
    shown = "".join(texts.values())
    # The gauges that matter most are looked at by somebody.
    for name in (
        "wayside_center_database_up",
        "wayside_archive_recall",
        "wayside_intake_leaks_total",
        "wayside_edge_camera_state",
    ):
        assert name in shown


def test_dashboards_are_whole_and_bilingual() -> None:
    found = [json.loads(path.read_text(encoding="utf-8")) for path in DASHBOARDS]
    assert {board["uid"] for board in found} == UIDS
    for path, board in zip(DASHBOARDS, found, strict=True):
        assert path.stem == board["uid"]
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        for titled in (board, *board["panels"]):
            chinese, _, english = titled["title"].partition(" · ")
            assert _HAN.search(chinese)
            assert re.search(r"[A-Za-z]", english)
        for panel in board["panels"]:
            assert panel["targets"]
            place = panel["gridPos"]
            assert 0 <= place["x"] < place["x"] + place["w"] <= 24
            assert all(each["datasource"]["uid"] == "${datasource}" for each in (panel, *panel["targets"]))


def test_every_alert_says_what_in_two_languages_and_what_to_do() -> None:
    manual = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    for path in (PROMETHEUS / "rules").iterdir():
        for block in path.read_text(encoding="utf-8").split("- alert: ")[1:]:
            name = block.split()[0]
            assert _HAN.search(block), name
            assert "action:" in block, name
            assert "severity:" in block, name
            assert f"`{name}`" in manual, name


@pytest.mark.parametrize("side", ["edge", "cluster"])
def test_each_alert_is_made_to_fire_by_a_case(side: str) -> None:
    rules = (PROMETHEUS / "rules" / f"{side}.yml").read_text(encoding="utf-8")
    cases = (Path(__file__).parent / f"{side}_rules.yml").read_text(encoding="utf-8")
    fired = re.findall(r"- alertname: (\S+)\n +eval_time: \S+\n +exp_alerts:\n +- exp_labels", cases)
    assert set(re.findall(r"- alert: (\S+)", rules)) - set(fired) == set()


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: prometheus)")
    return found


@pytest.mark.peer
@pytest.mark.parametrize("side", ["edge", "cluster"])
def test_promtool_takes_the_files_and_the_alerts_come_when_they_should(side: str, tmp_path: Path) -> None:
    promtool = program("promtool")
    cases = tmp_path / "cases.yml"
    text = (Path(__file__).parent / f"{side}_rules.yml").read_text(encoding="utf-8")
    cases.write_text(text.replace("RULES", str(PROMETHEUS / "rules")), encoding="utf-8")
    for step in (
        ("check", "config", str(PROMETHEUS / f"{side}.yml")),
        ("check", "rules", "--lint=all", "--lint-fatal", str(PROMETHEUS / "rules" / f"{side}.yml")),
        ("test", "rules", str(cases)),
    ):
        done = subprocess.run([promtool, *step], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Asked:
    """A Prometheus at work."""

    port: int

    def get(self, path: str, **fields: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=LONG_S)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(fields)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", (fields, answer)
        return answer["data"]

    def rules(self) -> list[Any]:
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def result(self, expression: str) -> list[Any]:
        return list(self.get("query", query=expression)["result"])


@contextmanager
def prometheus(config: Path, folder: Path) -> Iterator[Asked]:
    asked = Asked(free_port())
    listen = f"127.0.0.1:{asked.port}"
    command = [program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={listen}", "--log.level=warn"], stderr=log)
        try:
            until(lambda: process.poll() is not None or _is_ready(asked.port), "Prometheus is ready")
            assert process.poll() is None, (folder / "log").read_text()
            yield asked
        finally:
            process.terminate()
            process.wait(LONG_S)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    try:
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


def hastened(side: str, folder: Path, *changes: tuple[str, str]) -> Path:
    """The shipped configuration, twice a second and at the places of this test."""
    text = (PROMETHEUS / f"{side}.yml").read_text(encoding="utf-8")
    for before, after in (
        ("_interval: 15s", "_interval: 500ms"),
        ("rules/", f"{PROMETHEUS}/rules/"),
        *changes,
    ):
        assert before in text, before
        text = text.replace(before, after)
    config = folder / "prometheus.yml"
    config.write_text(text, encoding="utf-8")
    return config


def runs(asked: Asked, boards: list[str], wanted: str, *jobs: str) -> None:
    """Every job is scraped, every rule is evaluated without a fault, and every expression of the dashboards answers."""
    for job in jobs:
        # Some scrapes, or no rate is one.
        expression = f'sum_over_time(up{{job="{job}"}}[1h]) > 3'
        until(partial(asked.result, expression), f"{job} is scraped", seen=partial(asked.result, "up"))
    until(partial(asked.result, wanted), wanted, seen=partial(asked.result, "up"))
    until(lambda: all(rule["health"] != "unknown" for rule in asked.rules()), "each rule is evaluated")
    for rule in asked.rules():
        assert (rule["health"], rule.get("lastError", "")) == ("ok", ""), rule
    for board in boards:
        for expression in expressions(ROOT / "deploy" / "grafana" / f"{board}.json"):
            # Some are of a door that is scraped later.
            answer = partial(asked.result, expression.replace("$instance", ".*"))
            until(answer, f"{board}: {expression} has an answer")


@pytest.mark.peer
def test_a_real_prometheus_runs_all_that_is_about_the_edge(tmp_path: Path) -> None:
    port = free_port()
    config = hastened("edge", tmp_path, ("127.0.0.1:9108", f"127.0.0.1:{port}"))
    with agent_door(port), prometheus(config, tmp_path) as asked:
        runs(asked, ["wayside-edge"], "wayside:edge_selected:rate5m", "wayside-edge")


@pytest.mark.peer
def test_a_real_prometheus_finds_the_replicas_and_runs_all_that_is_about_the_cluster(tmp_path: Path) -> None:
    targets = tmp_path / "metrics"
    home = provisioning_home(tmp_path / "home", free_port())
    config = hastened(
        "cluster",
        tmp_path,
        ("/var/cache/wayside-cluster/metrics", str(targets)),
        ("  # - job_name: wayside-provisioning\n  #   static", "  - job_name: wayside-provisioning\n    static"),
        ("127.0.0.1:9110", f"127.0.0.1:{home.config.metrics_port}"),
        ("  # - job_name: wayside-center\n  #   static", "  - job_name: wayside-center\n    static"),
        ("127.0.0.1:9111", f"127.0.0.1:{(port := free_port())}"),
    )
    with (
        center_told(tmp_path / "center") as center,
        open_metrics(port, center),
        cluster_doors(targets),
        open_door(home),
        prometheus(config, tmp_path) as asked,
    ):
        jobs = ("wayside-intake", "wayside-archive", "wayside-query", "wayside-provisioning", "wayside-center")
        runs(
            asked,
            ["wayside-cluster", "wayside-archive", "wayside-center"],
            "wayside:archive_commit_seconds:p99 > 0",
            *jobs,
        )
        assert {each["metric"]["job"] for each in asked.result("up")} == set(jobs)
