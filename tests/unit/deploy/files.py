"""The deployment's files, and what the project really has for them to name."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import promql_parser
import yaml
from prometheus_client.metrics import MetricWrapperBase

from runtime.metrics import Metrics

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"

TARGET_LABELS = {"job", "instance"}
"""What Prometheus adds to everything that it scrapes."""

OWN_METRICS = {"up": TARGET_LABELS}
"""What Prometheus itself knows of each target."""


def read_yaml(path: Path) -> Any:
    """Return the one document of a file."""
    return yaml.safe_load(path.read_text())


def make_secrets(folder: Path, beside: Path) -> None:
    """Run deploy/make-secrets.sh, save for handing files over to other users, which takes root."""
    programs = beside / "programs"
    programs.mkdir(exist_ok=True)
    give = programs / "chown"
    give.write_text("#!/bin/sh\n")
    give.chmod(0o755)
    subprocess.run(
        [DEPLOY / "make-secrets.sh", folder],
        env=os.environ
        | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "FIREBREAK": str(Path(sys.executable).with_name("firebreak")),
        },
        check=True,
        capture_output=True,
    )


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


@cache
def series() -> dict[str, set[str]]:
    """Every series there is, with its labels: the closed list, as Prometheus sees it."""
    found, metrics = dict(OWN_METRICS), Metrics()
    ours = {
        value._name: set(value._labelnames) for value in vars(metrics).values() if _counts(value)
    }
    for metric in metrics.registry.collect():
        names = {sample.name for sample in metric.samples}
        labels = ours.get(metric.name, set())
        suffixes = {
            "counter": ("_total", "_created"),
            "histogram": ("_bucket", "_count", "_sum", "_created"),
        }.get(metric.type, ("",))
        for name in names | {metric.name + suffix for suffix in suffixes}:
            found[name] = labels | TARGET_LABELS | ({"le"} if name.endswith("_bucket") else set())
    return found


def _counts(value: Any) -> TypeGuard[MetricWrapperBase]:
    return isinstance(value, MetricWrapperBase)


class Selector(NamedTuple):
    """A series that an expression reads."""

    name: str
    labels: set[str]


def selectors(expression: promql_parser.Expr) -> Iterator[Selector]:
    """Return every selector of a parsed expression.

    Raises what the parser raises; an expression of a kind that is not known here is an error too.
    """
    if isinstance(expression, promql_parser.VectorSelector):
        yield Selector(
            expression.name or "", {matcher.name for matcher in expression.matchers.matchers}
        )
    elif isinstance(expression, promql_parser.MatrixSelector):
        yield from selectors(expression.vector_selector)
    else:
        for child in _children(expression):
            yield from selectors(child)


def groupings(expression: promql_parser.Expr) -> Iterator[tuple[set[str], promql_parser.Expr]]:
    """Return the labels of each `by` and `on`, with what they are applied to."""
    modifier = getattr(expression, "modifier", None)
    if isinstance(expression, promql_parser.AggregateExpr) and modifier is not None:
        yield set(modifier.labels), expression.expr
    for child in _children(expression):
        yield from groupings(child)


def _children(expression: promql_parser.Expr) -> list[promql_parser.Expr]:
    match expression:
        case promql_parser.BinaryExpr():
            return [expression.lhs, expression.rhs]
        case promql_parser.Call():
            return list(expression.args)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            return []
        case promql_parser.VectorSelector() | promql_parser.MatrixSelector():
            return []
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr():
            return [expression.expr]
        case promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            return [expression.expr]
        case _:
            raise TypeError(f"an expression of a kind that is not known here: {expression}")


def parsed(expression: str) -> promql_parser.Expr:
    """Parse; Grafana's own variables are given a value first."""
    plain = re.sub(r"\$__rate_interval", "5m", expression)
    return promql_parser.parse(re.sub(r"\$(\w+)", ".*", plain))


def mistakes(expression: str) -> list[str]:
    """Say what an expression names that does not exist."""
    known, tree = series(), parsed(expression)
    found = []
    for selector in selectors(tree):
        if selector.name not in known:
            found.append(f"no metric {selector.name!r}")
        else:
            found += [
                f"{selector.name} has no label {label!r}"
                for label in sorted(selector.labels - known[selector.name] - {"__name__"})
            ]
    for labels, inner in groupings(tree):
        there = set[str]().union(*(known.get(one.name, set()) for one in selectors(inner)))
        found += [f"nothing has a label {label!r} to group by" for label in sorted(labels - there)]
    return found
