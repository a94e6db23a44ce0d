"""Message templates: versioned files per kind of alert, checked when they are loaded.

`<kind>/<version>/subject.txt` and `body.txt` say what is said; `letter/<version>/` frames it as
text and as HTML, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields

from common.events.words import AlertKind
from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined, meta, select_autoescape

from notifications.domain.letters import Letter, Words

CURRENT: Mapping[AlertKind, str] = {
    AlertKind.VILLAGE_ELIGIBLE: "village_eligible/1",
    AlertKind.VILLAGE_DESIGNATED: "village_designated/1",
    AlertKind.STATUS_AT_RISK: "status_at_risk/1",
}
FRAME = "letter/1"


class MissingPlaceholder(LookupError):
    """A template says something that no message has."""


class Templates:
    """The templates in use; raises MissingPlaceholder when one asks for what `Words` has not."""

    def __init__(
        self, current: Mapping[AlertKind, str] = CURRENT, *, files: BaseLoader | None = None
    ) -> None:
        self._current = current
        self._loader = files or PackageLoader("notifications", "templates")
        self._files = Environment(
            loader=self._loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(["html"], default=False),
            keep_trailing_newline=False,
        )
        self._check()

    def render(self, kind: AlertKind, words: Words) -> Letter:
        """The message of one kind in these words."""
        values = asdict(words)
        name = self._current[kind]
        subject = " ".join(self._text(f"{name}/subject.txt", values).split())
        body = self._text(f"{name}/body.txt", values)
        frame = {
            "subject": subject,
            "paragraphs": [" ".join(part.split()) for part in body.split("\n\n") if part.strip()],
            "reference": words.reference,
        }
        return Letter(
            template=f"{name} {FRAME}",
            subject=subject,
            text=self._text(f"{FRAME}/letter.txt", frame) + "\n",
            html=self._text(f"{FRAME}/letter.html", frame) + "\n",
        )

    def _text(self, file: str, values: Mapping[str, object]) -> str:
        return self._files.get_template(file).render(values)

    def _check(self) -> None:
        """A placeholder is refused when the template is loaded, not when a message is due."""
        known = {field.name for field in fields(Words)}
        for name in self._current.values():
            for file in (f"{name}/subject.txt", f"{name}/body.txt"):
                source, _, _ = self._loader.get_source(self._files, file)
                asked = meta.find_undeclared_variables(self._files.parse(source))
                if asked - known:
                    missing = ", ".join(sorted(asked - known))
                    raise MissingPlaceholder(f"{file} asks for {missing}; Words has no such field")
