"""Serve as an earlier release would: some event types are in none of its registries.

`python earlier_release.py eligibility registry.sosialisasi.held.v1`
"""

from __future__ import annotations

import runpy
import sys

from common.events import EVENT_TYPES

if __name__ == "__main__":
    _, package, *later = sys.argv
    for name in later:
        del EVENT_TYPES[name]
    sys.argv = [package, "serve"]
    runpy.run_module(package, run_name="__main__", alter_sys=True)
