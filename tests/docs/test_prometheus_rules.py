"""Every alarm of the runbook has an alert rule, and every rule a metric and a section."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
SCRAPING = ROOT / "deploy/prometheus/prometheus.yml"
PAGE = (ROOT / "docs/runbook.md").read_text()
CODE = [*ROOT.glob("libs/common/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
METRIC = re.compile(r'(?:Counter|Gauge|Histogram)\(\s*"(\w+)",\s*"[^"]*"(?:,\s*\[([^\]]*)\])?')
SELECTED = re.compile(r"\b([a-z]+(?:_[a-z]+)+|up)\b(?:\{([^}]*)\})?")
OF_THE_CLIENT = {"up": {"job"}, "process_start_time_seconds": {"job"}}
"""Metrics that Prometheus and its client bring, with labels."""
LABELS = {"job", "instance"}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def metrics() -> dict[str, set[str]]:
    """The labels of each metric that the code has."""
    return {
        name: set(re.findall(r'"(\w+)"', labels or ""))
        for file in CODE
        for name, labels in METRIC.findall(file.read_text())
    }


def selected(expression: str) -> dict[str, set[str]]:
    """The metrics that an expression reads, and the labels by which it narrows them."""
    grouped = re.sub(r"\b(by|without)\s*\([^)]*\)", "", expression)
    return {
        name: set(re.findall(r"(\w+)\s*=~?", labels or ""))
        for name, labels in SELECTED.findall(grouped)
    }


def alarms() -> list[tuple[set[str], str]]:
    """Each row of the runbook's table: its metrics, and its section's anchor."""
    table = PAGE.split("## Alarms")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+? \| \[.+?\]\(#(.+?)\) \|$", table, re.MULTILINE)
    known = metrics().keys()
    return [(set(re.findall(r"`([a-z_]+)", alarm)) & known, anchor) for alarm, anchor in rows]


def anchors() -> set[str]:
    titles = re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_rule_reads_metrics_that_exist() -> None:
    """A rule on a metric or a label that was renamed would be silent for ever."""
    known = OF_THE_CLIENT | metrics()
    wrong = {
        rule["alert"]: (name, labels)
        for rule in rules()
        for name, labels in selected(rule["expr"]).items()
        if name not in known or not labels <= known[name] | LABELS
    }

    assert wrong == {}
    assert all(selected(rule["expr"]) for rule in rules())


def test_every_alarm_has_a_rule_and_every_rule_an_alarm() -> None:
    """The runbook's table and the file are the same: metric and section."""
    asked = {(metric, anchor) for found, anchor in alarms() for metric in found}
    given = {
        (metric, rule["annotations"]["runbook"].removeprefix("docs/runbook.md#"))
        for rule in rules()
        for metric in selected(rule["expr"])
        if metric not in OF_THE_CLIENT
    }

    assert asked == given
    assert all(found for found, _ in alarms())


def test_every_rule_says_what_happened_and_where_to_read() -> None:
    """Whoever is woken reads one sentence, and has a section to open."""
    names = [rule["alert"] for rule in rules()]

    assert sorted(set(names)) == sorted(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}, rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        page, anchor = rule["annotations"]["runbook"].split("#")
        assert (page, anchor in anchors()) == ("docs/runbook.md", True), rule["alert"]


def test_each_service_is_scraped_under_its_name() -> None:
    """Rules tell the services apart by `job`."""
    scraping = yaml.safe_load(SCRAPING.read_text())

    assert [RULES.name] == scraping["rule_files"]
    jobs = {job["job_name"] for job in scraping["scrape_configs"]}
    assert {service.name for service in (ROOT / "services").iterdir() if service.is_dir()} == jobs


def test_promtool_finds_nothing_wrong() -> None:
    """Where promtool is there, it reads rules and configuration; else brackets are matched."""
    promtool = shutil.which("promtool")
    if promtool is None:
        for rule in rules():
            assert [rule["expr"].count(one) for one in "({["] == [
                rule["expr"].count(one) for one in ")}]"
            ], rule["alert"]
        return
    for check, file in (("rules", RULES), ("config", SCRAPING)):
        done = subprocess.run(
            [promtool, "check", check, str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
