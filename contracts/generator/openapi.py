"""OpenAPI of each service, from its own application; no database and no Kafka is asked."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from common.health import Health
from eligibility.main import create_app as eligibility
from fastapi import FastAPI
from notifications.main import create_app as notifications
from prometheus_client import CollectorRegistry
from registry.main import create_app as registry

from contracts.generator.paths import RELEASE

APPLICATIONS: dict[str, Callable[..., FastAPI]] = {
    "registry": registry,
    "eligibility": eligibility,
    "notifications": notifications,
}


def openapi(create_app: Callable[..., FastAPI]) -> dict[str, Any]:
    """The document of an application whose deeds are never called: routes describe themselves."""
    edges: dict[str, Any] = dict.fromkeys(signature(create_app).parameters)
    edges["health"] = Health(CollectorRegistry())
    document = create_app(**edges).openapi()
    document["info"]["version"] = RELEASE
    return document
