"""Everything works for somebody who is not root; when we are root, we become nobody."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import embedded
import psutil
import pytest
from embedded.account import Account, lesser_account
from embedded.jars import cache, fetch
from running import CommandLine, keep, kept, running_on

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

LEFT_OUT = shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a")


async def test_an_ordinary_user_can_run_it_all(home: Path) -> None:
    line = CommandLine(home)
    account = lesser_account()
    if account is not None:
        os.chown(home.parent, account.uid, account.gid)
        _become(line, account)
    await line.up()
    addresses = await line.healthy()
    await keep(addresses, 1)
    assert await kept(addresses) == ([1], [1])
    uid = os.geteuid() if account is None else account.uid
    for (pid,) in running_on(home).values():
        assert psutil.Process(pid).uids().real == uid
    assert await line.end() == 0
    assert running_on(home) == {"kafka": [], "postgres": []}


def _become(line: CommandLine, account: Account) -> None:
    """Run as that account, with copies of what lies in folders it cannot enter."""
    place = line.home.parent

    def reachable(folder: Path, name: str) -> Path:
        if account.reaches(folder):
            return folder
        return shutil.copytree(folder, place / name, ignore=LEFT_OUT, symlinks=True)

    fetch(cache(), print)
    interpreter = reachable(Path(sys.base_prefix), "python")
    packages = reachable(Path(sysconfig.get_path("purelib")), "packages")
    ours = reachable(Path(embedded.__file__).parents[1], "ours")
    line.python = [str(interpreter / "bin" / Path(sys.executable).resolve().name)]
    line.options = {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": place}
    line.environment |= {
        "HOME": str(place),
        "LD_LIBRARY_PATH": str(interpreter / "lib"),
        "PYTHONHOME": str(interpreter),
        "PYTHONPATH": f"{ours}{os.pathsep}{packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "EMBEDDED_JARS": str(reachable(cache(), "jars")),
    }
