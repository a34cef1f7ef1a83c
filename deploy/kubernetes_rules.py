"""Writes the alert rules as the Prometheus Operator wants them: make kubernetes-rules."""

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RULES = HERE / "prometheus" / "rules.yml"
RESOURCE = HERE / "kubernetes" / "components" / "prometheus-operator" / "rules.yaml"


def resource(groups: Any) -> str:
    """Return the PrometheusRule of these groups, as YAML."""
    content = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "firebreak", "namespace": "firebreak"},
        "spec": {"groups": groups},
    }
    written: str = yaml.safe_dump(content, sort_keys=False, width=100, allow_unicode=True)
    return f"# Made from deploy/prometheus/rules.yml by `make kubernetes-rules`.\n{written}"


if __name__ == "__main__":
    RESOURCE.write_text(resource(yaml.safe_load(RULES.read_text())["groups"]))
