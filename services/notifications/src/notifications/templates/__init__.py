"""Message templates: versioned files per kind of alert, checked when they are loaded.

`<kind>/2/letter.txt` says in blocks what is said; `letter/2/` frames it as text and as HTML, so
that both say the same. Version 1 said it in `subject.txt` and `body.txt`: a message whose first
attempt was made of them is tried again in the same words.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields

from common.events.words import AlertKind
from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined, meta, select_autoescape

from notifications.domain.letters import Letter
from notifications.domain.phrases import Words

CURRENT: Mapping[AlertKind, str] = {kind: f"{kind.lower()}/2" for kind in AlertKind}
FRAME = "letter/2"
FORMER = ("village_eligible/1", "village_designated/1", "status_at_risk/1")
FORMER_FRAME = "letter/1"
BLOCKS = ("tone", "mark", "subject", "preheader", "news", "facts", "ask")
COLUMNS = 72


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

    def render(self, kind: AlertKind, words: Words, *, former: str | None = None) -> Letter:
        """The message of one kind; `former` is what an earlier attempt at it was made of."""
        values = asdict(words)
        for name in FORMER:
            if former == f"{name} {FORMER_FRAME}":
                return self._former(name, values)
        name = self._current[kind]
        file = self._files.get_template(f"{name}/letter.txt")
        context = file.new_context(values)
        said = {block: "".join(file.blocks[block](context)).strip() for block in BLOCKS}
        facts = list(_facts(said.pop("facts")))
        frame = {block: " ".join(text.split()) for block, text in said.items()}
        frame |= {part: self._line(f"{FRAME}/{part}.txt") for part in ("introduction", "footer")}
        frame |= {part: values[part] for part in ("salutation", "village", "page", "reference")}
        if not words.introduces:
            frame["introduction"] = ""
        wrapped = {part: _fill(text) for part, text in frame.items()}
        plain = wrapped | {"facts": "\n".join(_listed(facts)), "page": words.page}
        return Letter(
            template=f"{name} {FRAME}",
            subject=frame["subject"],
            text=self._text(f"{FRAME}/letter.txt", plain) + "\n",
            html=self._text(f"{FRAME}/letter.html", frame | {"facts": facts}) + "\n",
        )

    def _former(self, name: str, values: Mapping[str, object]) -> Letter:
        subject = " ".join(self._text(f"{name}/subject.txt", values).split())
        body = self._text(f"{name}/body.txt", values)
        frame = {
            "subject": subject,
            "paragraphs": [" ".join(part.split()) for part in body.split("\n\n") if part.strip()],
            "reference": values["reference"],
        }
        return Letter(
            template=f"{name} {FORMER_FRAME}",
            subject=subject,
            text=self._text(f"{FORMER_FRAME}/letter.txt", frame) + "\n",
            html=self._text(f"{FORMER_FRAME}/letter.html", frame) + "\n",
        )

    def _line(self, file: str) -> str:
        return " ".join(self._text(file, {}).split())

    def _text(self, file: str, values: Mapping[str, object]) -> str:
        return self._files.get_template(file).render(values)

    def _check(self) -> None:
        """A placeholder is refused when the template is loaded, not when a message is due."""
        known = {field.name for field in fields(Words)}
        files = [f"{name}/letter.txt" for name in self._current.values()]
        files += [f"{name}/{file}.txt" for name in FORMER for file in ("subject", "body")]
        for file in files:
            source, _, _ = self._loader.get_source(self._files, file)
            asked = meta.find_undeclared_variables(self._files.parse(source))
            if asked - known:
                missing = ", ".join(sorted(asked - known))
                raise MissingPlaceholder(f"{file} asks for {missing}; Words has no such field")


def _facts(block: str) -> Iterator[tuple[str, str]]:
    """Lines of `label: value`; one without a value says nothing."""
    for line in block.splitlines():
        label, _, value = line.partition(":")
        if value.strip():
            yield label.strip(), value.strip()


def _listed(facts: list[tuple[str, str]]) -> Iterator[str]:
    """Label and value in two columns."""
    width = max((len(label) for label, _ in facts), default=0)
    for label, value in facts:
        yield _fill(value, f"  {label:<{width}} : ", " " * (width + 5))


def _fill(text: str, first: str = "", further: str = "") -> str:
    return textwrap.fill(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
