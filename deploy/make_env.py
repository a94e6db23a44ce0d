"""`make env`: writes `.env` for docker compose with secrets made on the spot, mode 600.

Needs nothing but Python. What stands in an `.env` already is kept: it holds the keys of data.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

SERVICES = ("REGISTRY", "ELIGIBILITY", "NOTIFICATIONS")
KEYS = (
    "REGISTRY_MASTER_KEY",
    "REGISTRY_HMAC_KEY",
    "ELIGIBILITY_PARKING_KEY",
    "NOTIFICATIONS_PARKING_KEY",
    "NOTIFICATIONS_DIRECTORY_KEY",
)
HEAD = """\
# Made by `make env`; never commit it. Keep a copy where your backups are: without the keys nobody
# can read what they have sealed. MODE=demo makes a token issuer of its own, COMPOSE_PROFILES=demo
# starts its page; for production set MODE=production, ISSUER, JWKS, OIDC_*, PAGES_URL and SMTP_*,
# and take COMPOSE_PROFILES out (docs/deployment.md, .env.example says what each is).
"""


def password() -> str:
    return secrets.token_hex(24)


def key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def wanted() -> dict[str, str]:
    """Every variable without which the compose file does not start, with a new value."""
    roles = [f"{service}_{role}" for service in SERVICES for role in ("OWNER", "APP", "WORK")]
    return {
        "MODE": "demo",
        "MAIL_FROM": "desa-sadar@bpjs-ketenagakerjaan.example",
        "POSTGRES_PASSWORD": password(),
        **{f"{role}_PASSWORD": password() for role in roles},
        **{name: key() for name in KEYS},
    }


def known(text: str) -> set[str]:
    """The variables that have a value; an empty one is as good as none."""
    pairs = (line.strip().partition("=") for line in text.splitlines())
    return {name for name, _, value in pairs if value.strip() and not name.startswith("#")}


def main(path: Path) -> str:
    """Write what is missing; the sentence for the terminal."""
    before = path.read_text(encoding="utf-8") if path.exists() else HEAD
    missing = {name: value for name, value in wanted().items() if name not in known(before)}
    if "MODE" in missing:
        missing["COMPOSE_PROFILES"] = "demo"
    if not missing:
        path.chmod(0o600)
        return f"{path} has everything; nothing was changed"
    text = before.rstrip("\n") + "\n" + "".join(f"{n}={v}\n" for n, v in missing.items())
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return f"{path} written (mode 600, {len(missing)} variables); now: docker compose up -d --wait"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".env")) + "\n")
