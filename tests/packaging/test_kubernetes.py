"""deploy/kubernetes, deploy/prometheus and deploy/grafana: valid, closed, and about what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import promql_parser
import pytest
import yaml

from ocrq.contracts import Health
from tasks.catalogue import POOLS
from tasks.monitoring.metrics import COUNTED, GAUGES, TIMED
from tasks.settings import Settings
from tests.packaging.images import ROOT

KUBERNETES = "1.32"
PLACES = ("base", "gpu", "redis")
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "ocrq.json"
METRICS = {
    *(f"ocrq_{name}_total" for name in COUNTED),
    *(f"ocrq_{name}_{part}" for name in TIMED for part in ("bucket", "sum", "count")),
    *(f"ocrq_{name}" for name in GAUGES),
}


def rendered(place: str) -> list[dict[str, Any]]:
    kubectl = shutil.which("kubectl") or shutil.which("kustomize")
    if kubectl is None:
        pytest.skip("kubectl is not here; the files are checked as they stand")
    command = [
        kubectl,
        "kustomize" if kubectl.endswith("kubectl") else "build",
        str(ROOT / "deploy/kubernetes" / place),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def written() -> Iterator[dict[str, Any]]:
    """The resources as they stand in the files."""
    for path in sorted((ROOT / "deploy/kubernetes").rglob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


RESOURCES = list(written())
WORKLOADS = [one for one in RESOURCES if one["kind"] in {"Deployment", "StatefulSet"}]
SCALED = [one for one in RESOURCES if one["kind"] == "ScaledObject"]


def names(resources: list[dict[str, Any]]) -> list[str]:
    return [one["metadata"]["name"] for one in resources]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: f"{one['kind']} {one['metadata']['name']}")
def test_each_resource_is_valid_under_kubernetes_schema(resource: dict[str, Any]) -> None:
    if resource["apiVersion"].startswith("keda.sh"):
        assert {"scaleTargetRef", "triggers", "maxReplicaCount"} <= resource["spec"].keys()
        return
    kubernetes_validate.validate(resource, KUBERNETES, strict=True)


@pytest.mark.parametrize("place", PLACES)
def test_it_renders_and_every_name_it_refers_to_is_there(place: str) -> None:
    resources = rendered(place)
    for resource in resources:
        if not resource["apiVersion"].startswith("keda.sh"):
            kubernetes_validate.validate(resource, KUBERNETES, strict=True)
    (settings,) = [one for one in resources if one["kind"] == "ConfigMap"]
    known = {f"OCRQ_{name.upper()}" for name in Settings.model_fields} | {"OMP_NUM_THREADS"}
    assert set(settings["data"]) <= known
    for workload in (one for one in resources if one["kind"] == "Deployment"):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "ocrq", "or the network policy would not hold it"
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        assert container["envFrom"][0]["configMapRef"]["name"] == settings["metadata"]["name"]


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one["metadata"]["name"])
def test_every_workload_is_probed_bounded_and_without_rights(workload: dict[str, Any]) -> None:
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "livenessProbe" in container and container["resources"]["limits"]["memory"]
    rights = container["securityContext"]
    assert rights["readOnlyRootFilesystem"] and rights["capabilities"] == {"drop": ["ALL"]}
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False


def test_a_worker_has_time_to_drain() -> None:
    kustomization = (ROOT / "deploy/kubernetes/base/kustomization.yaml").read_text(encoding="utf-8")
    drain = int(re.findall(r"OCRQ_DRAIN_SECONDS=(\d+)", kustomization)[0])
    workers = [one for one in WORKLOADS if "worker" in one["metadata"]["name"]]
    assert len(workers) == len(POOLS)
    for worker in workers:
        assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= drain + 30


def test_every_deployment_survives_a_node_that_is_drained() -> None:
    budgets = names([one for one in RESOURCES if one["kind"] == "PodDisruptionBudget"])
    assert set(budgets) == set(names([one for one in WORKLOADS if one["kind"] == "Deployment"]))


def test_keda_queries_what_health_reports_of_each_pool() -> None:
    assert {one["spec"]["scaleTargetRef"]["name"] for one in SCALED} <= set(names(WORKLOADS))
    asked = {one["spec"]["triggers"][0]["metadata"]["valueLocation"] for one in SCALED}
    assert asked == {f"work.{pool}" for pool in POOLS} and "work" in Health.model_fields
    for one in SCALED:
        worker = next(w for w in WORKLOADS if w["metadata"]["name"] == one["spec"]["scaleTargetRef"]["name"])
        command = worker["spec"]["template"]["spec"]["containers"][0]["command"]
        target = one["spec"]["triggers"][0]["metadata"]["targetValue"]
        assert command[command.index("--concurrency") + 1] == target, "a pod does as much at a time as it counts for"


def expressions() -> dict[str, str]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found = {rule.get("alert") or rule["record"]: rule["expr"] for group in groups for rule in group["rules"]}
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    return found


@pytest.mark.parametrize(("name", "expression"), expressions().items(), ids=expressions())
def test_every_rule_and_panel_is_promql_about_a_metric_that_there_is(name: str, expression: str) -> None:
    promql_parser.parse(expression.replace("$__rate_interval", "5m"))
    documented = set(re.findall(r"\bocrq_[a-z_]+", expression))
    assert documented and documented <= METRICS, name


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"page", "warning"}
            assert rule["annotations"]["summary"] and rule["annotations"]["description"]


def test_no_two_panels_lie_on_each_other() -> None:
    places = [panel["gridPos"] for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
