"""Packages: only the right ones get in, and a failure says which and what to do."""

import threading
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from embedded.errors import DownloadError
from embedded.jars import Jar, cache, fetch, locked
from embedded.repository import repository
from jgo.constants import MAVEN_CENTRAL_URL

GOOD = [
    Jar(sha256(body).hexdigest(), len(body), "org.example", f"part{number}", "1.0")
    for number in range(12)
    for body in [f"package {number}".encode() * 50]
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; remembers what was asked for."""

    asked: list[str]
    cut: set[str]

    def log_message(self, *_: object) -> None:
        """No output."""

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path in self.cut:
            self.cut.remove(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
        else:
            super().do_GET()


class Server(ThreadingHTTPServer):
    request_queue_size = 64


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A repository with every good package in it."""
    root = tmp_path / "repository"
    for number, jar in enumerate(GOOD):
        path = root / jar.path
        path.parent.mkdir(parents=True)
        path.write_bytes(f"package {number}".encode() * 50)
    return root


@pytest.fixture
def cut() -> set[str]:
    """Paths that are cut short when next asked for."""
    return set()


@pytest.fixture
def asked(served: Path, cut: set[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked of that repository, served on the loopback address."""
    asked: list[str] = []
    serving = type("Serving", (Quiet,), {"asked": asked, "cut": cut})
    with Server(("127.0.0.1", 0), partial(serving, directory=str(served))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}/")
        yield asked
        server.shutdown()
        thread.join()


@pytest.fixture
def said() -> list[str]:
    return []


def test_all_packages_arrive_and_are_fetched_once(
    asked: list[str], tmp_path: Path, said: list[str]
) -> None:
    folder = tmp_path / "a cache"
    paths = fetch(folder, said.append, jars=GOOD)
    assert [path.name for path in paths] == [jar.name for jar in GOOD]
    assert all(jar.is_at(path) for jar, path in zip(GOOD, paths, strict=True))
    assert len(asked) == len(GOOD)
    assert said[0].startswith("Mengunduh 12 paket")
    assert "100 %" in said[-1]
    fetch(folder, said.append, jars=GOOD)
    assert len(asked) == len(GOOD)


@pytest.mark.parametrize("damage", [b"", b"half of it", b"X" * GOOD[3].size])
def test_a_damaged_file_in_the_cache_is_fetched_again(
    asked: list[str], tmp_path: Path, said: list[str], damage: bytes
) -> None:
    paths = fetch(tmp_path, said.append, jars=GOOD)
    paths[3].write_bytes(damage)
    fetch(tmp_path, said.append, jars=GOOD)
    assert GOOD[3].is_at(paths[3])
    assert len(asked) == len(GOOD) + 1


def test_a_download_cut_short_is_tried_again(
    asked: list[str], cut: set[str], tmp_path: Path, said: list[str]
) -> None:
    cut.add(f"/{GOOD[0].path}")
    (path,) = fetch(tmp_path, said.append, jars=GOOD[:1])
    assert GOOD[0].is_at(path)
    assert len(asked) == 2


def test_a_corrupt_package_is_refused_by_name(
    served: Path, asked: list[str], tmp_path: Path, said: list[str]
) -> None:
    (served / GOOD[5].path).write_bytes(b"X" * GOOD[5].size)
    folder = tmp_path / "cache"
    with pytest.raises(DownloadError) as refusal:
        fetch(folder, said.append, jars=GOOD)
    for wanted in ("org.example:part5:1.0", "SHA-256", GOOD[5].sha256, "MAVEN_REPOSITORY"):
        assert wanted in str(refusal.value)
    assert not (folder / GOOD[5].name).exists()
    assert not list(folder.glob("*.part"))


def test_a_package_the_repository_lacks_is_named(
    served: Path, asked: list[str], tmp_path: Path, said: list[str]
) -> None:
    (served / GOOD[0].path).unlink()
    with pytest.raises(DownloadError, match=r"org\.example:part0:1\.0 .*404.*MAVEN_REPOSITORY"):
        fetch(tmp_path / "cache", said.append, jars=GOOD)
    assert asked.count(f"/{GOOD[0].path}") == 1


def test_an_unreachable_repository_is_said_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: list[str]
) -> None:
    monkeypatch.setenv("MAVEN_REPOSITORY", "http://user:secret@127.0.0.1:1/base")
    with pytest.raises(DownloadError) as refusal:
        fetch(tmp_path / "cache", said.append, jars=GOOD)
    text = str(refusal.value)
    assert "org.example:part" in text
    assert "named by MAVEN_REPOSITORY" in text
    assert "Check the network" in text
    assert "secret" not in text
    assert not list((tmp_path / "cache").iterdir())


def test_a_cache_that_cannot_be_written_is_said_so(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadError, match="EMBEDDED_JARS"):
        fetch(tmp_path / "file" / "cache", said.append, jars=GOOD)


@pytest.mark.parametrize(
    ("pattern", "applies"),
    [("central", True), ("*", True), ("*,!central", False), ("other,central", True), ("x", False)],
)
def test_a_mirror_in_the_users_settings_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pattern: str, *, applies: bool
) -> None:
    monkeypatch.delenv("MAVEN_REPOSITORY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert repository().address == MAVEN_CENTRAL_URL
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(
        '<settings xmlns="urn:settings"><mirrors><mirror><id>m</id>'
        f"<mirrorOf>{pattern}</mirrorOf><url>http://127.0.0.1:1/m/</url></mirror></mirrors></settings>"
    )
    assert (repository().address == "http://127.0.0.1:1/m") is applies
    monkeypatch.setenv("MAVEN_REPOSITORY", "http://127.0.0.1:2")
    assert repository().address == "http://127.0.0.1:2"


@pytest.mark.parametrize("address", ["file:///tmp/jars", "ftp://127.0.0.1/", "nonsense"])
def test_only_http_addresses_are_taken(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MAVEN_REPOSITORY", address)
    with pytest.raises(DownloadError, match="MAVEN_REPOSITORY"):
        repository()


def test_the_lock_names_each_package_once() -> None:
    jars = locked()
    assert len({jar.coordinates for jar in jars}) == len(jars) == 46
    assert {jar.version for jar in jars if jar.group == "org.apache.kafka"} == {"4.3.1"}
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in jars)


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EMBEDDED_JARS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache() == tmp_path / "desa-sadar" / "jars"
    monkeypatch.setenv("EMBEDDED_JARS", str(tmp_path / "mine"))
    assert cache() == tmp_path / "mine"
