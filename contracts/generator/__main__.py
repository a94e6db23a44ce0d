"""`python -m contracts.generator` writes the contract; `… release` keeps it as released."""

from __future__ import annotations

import sys

from contracts.generator.files import AlreadyReleased, PublishedContractChanged, release, write


def main(arguments: list[str]) -> int:
    """0 when all is written, 1 when a published contract would change, 2 for wrong use."""
    try:
        match arguments:
            case []:
                lines = write() or ["contracts are up to date"]
            case ["release"]:
                lines = [f"kept as {release()}"]
            case _:
                sys.stderr.write(f"{__doc__}\n")
                return 2
    except (PublishedContractChanged, AlreadyReleased) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
