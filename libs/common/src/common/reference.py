"""`/docs`: the API's reference as one plain page, made from its OpenAPI."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'"
STYLE = """
:root{color-scheme:light dark;--line:#8886}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
section{border-top:1px solid var(--line);padding:1rem 0}
h2{font-size:1.1rem;margin:0}code,pre{font:14px/1.5 ui-monospace,monospace}
pre{overflow-x:auto;border:1px solid var(--line);padding:.5rem}
table{border-collapse:collapse}td,th{text-align:left;padding:.1rem 1rem .1rem 0;vertical-align:top}
"""


def install_reference(app: FastAPI) -> None:
    """Serve the page; it shows what a caller may send, and links to the OpenAPI file."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    headers = {"Content-Security-Policy": POLICY.format(digest=digest)}

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page(app.openapi()), headers=headers)


def page(spec: Mapping[str, Any]) -> str:
    """The reference as HTML."""
    info = spec["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])}</title><style>{STYLE}</style>",
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>",
        "<p>Every call needs a bearer token (<code>make token</code> prints a demo one). ",
        "The machine-readable form is <a href=/openapi.json>openapi.json</a>.</p>",
    ]
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(spec, path, method, operation))
    return "\n".join(parts)


def _operation(
    spec: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> str:
    needs = operation.get("security", [])
    scopes = [scope for need in needs for some in need.values() for scope in some]
    lines = [
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>",
        f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>",
    ]
    if scopes:
        lines.append(f"<p>Scope: <code>{escape(' '.join(scopes))}</code></p>")
    rows = "".join(_parameters(operation))
    if rows:
        lines.append(f"<table><tr><th>Parameter<th>In<th>Needed<th>What{rows}</table>")
    example = _example(spec, operation)
    if example is not None:
        body = escape(json.dumps(example, indent=2, ensure_ascii=False))
        lines.append(f"<p>Body, such as:</p><pre>{body}</pre>")
    codes = ", ".join(f"<code>{escape(code)}</code>" for code in operation.get("responses", {}))
    lines.append(f"<p>Answers: {codes}</p></section>")
    return "\n".join(lines)


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        needed = "yes" if parameter.get("required") else ""
        yield (
            f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter['in'])}"
            f"<td>{needed}<td>{escape(parameter.get('description', ''))}"
        )


def _example(spec: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    """The first example of the body, or the names of its fields."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    schema = content["schema"]
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    examples = schema.get("examples")
    if examples:
        return examples[0]
    return {name: field.get("type", "…") for name, field in schema.get("properties", {}).items()}
