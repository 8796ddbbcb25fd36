"""Files in stores and on the web: the order and the records of local ones; no lost connection is an end."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar, Final

import pytest

from classifier import cli
from classifier.batch import remote
from classifier.batch.containers import read_source
from classifier.batch.progress import Watch
from classifier.batch.records import PageFields, Record
from classifier.batch.remote import is_uri
from classifier.batch.run import Job, run_batch
from classifier.batch.sources import Source, list_sources
from classifier.errors import BatchError
from tests.batch.helpers import after, zstandard

fsspec = pytest.importorskip("fsspec")
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402
from fsspec.spec import AbstractBufferedFile  # noqa: E402

ROOT: Final = Path(__file__).parents[2]
QUIET: Final = Watch(int, wanted=False)
PAGES: Final = 40
TREE: Final = (
    "b/2.html",
    "b/1.html",
    "b/c/0.html",
    "b/.hidden",
    ".d/1.html",
    "a.html",
    "b-c/x.html",
    "[z].html",
)


def html(number: int) -> str:
    return (
        f"<title>{number}</title><p>The river rises in the hills, turns west, and reaches the sea. {number}"
    )


def warc(number: int) -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + html(number).encode()
    header = (
        f"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: {len(block)}"
    )
    return f"{header}\r\nWARC-Record-ID: <urn:{number}>\r\n\r\n".encode() + block + b"\r\n\r\n"


def parquet(numbers: range) -> bytes:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"html": list(map(html, numbers))}), sink, row_group_size=5)
    return bytes(sink.getvalue().to_pybytes())


def made(name: str) -> bytes:
    """A file of pages of the kind that its name tells."""
    if name.endswith("parquet"):
        return parquet(range(PAGES))
    if name == "page.html":
        return html(1).encode() * PAGES
    lines = [json.dumps({"html": html(number)}).encode() + b"\n" for number in range(PAGES)]
    pieces = lines if "jsonl" in name else list(map(warc, range(PAGES)))
    if name.endswith("gz"):
        return b"".join(gzip.compress(piece, mtime=0) for piece in pieces)
    return zstandard(b"".join(pieces)) if name.endswith("zst") else b"".join(pieces)


KINDS: Final = (
    "crawl.warc",
    "crawl.warc.gz",
    "crawl.warc.zst",
    "pages.jsonl",
    "pages.jsonl.gz",
    "pages.parquet",
    "page.html",
)


class Lossy(MemoryFileSystem):  # type: ignore[misc]
    """A store whose connections are lost at some byte, with an error or without a word."""

    protocol = "lossy"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    lost_at = 0
    error: ClassVar[Exception | None] = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("lossy://", "memory://")))

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        if mode != "rb":
            return super()._open(path, mode, **kwargs)
        return LossyFile(self, path, block_size=kwargs["block_size"], size=self.info(path)["size"])


class LossyFile(AbstractBufferedFile):  # type: ignore[misc]
    def _fetch_range(self, start: int, end: int) -> bytes:
        if end <= Lossy.lost_at:
            return bytes(self.fs.store[self.path].getbuffer()[start:end])
        if Lossy.error:
            raise Lossy.error
        return bytes(self.fs.store[self.path].getbuffer()[start : max(start, Lossy.lost_at)])


@pytest.fixture(autouse=True)
def stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stores in memory, empty, and small blocks."""
    fsspec.register_implementation("lossy", Lossy, clobber=True)
    monkeypatch.setattr(remote, "_BLOCK", 512)
    monkeypatch.setattr(remote, "_BUFFER", 128)
    yield
    for store in (MemoryFileSystem, Lossy):
        store.store.clear()
        store.pseudo_dirs[:] = [""]


def put(uri: str, data: bytes) -> str:
    fsspec.filesystem(uri.partition("://")[0]).pipe_file(uri, data)
    return uri


def read(path: str) -> list[Record]:
    return list(read_source(path, PageFields(), 100_000, lambda _: None))


def anywhere(records: list[Record], path: str) -> list[Record]:
    """Records without what tells where their file is."""
    return [replace(one, source="", id=one.id.removeprefix(path)) for one in records]


@pytest.mark.parametrize("name", ["s3://bucket/x", "hdfs://host:9000/x", "HTTPS://host/x.gz", "file:///x"])
def test_a_uri_has_a_scheme(name: str) -> None:
    assert is_uri(name)


@pytest.mark.parametrize("name", ["crawl/x", "C:\\crawl\\x", "C:/x", "c://x", "/s3://x", "s3:/x", "a:b", ""])
def test_a_path_has_none_and_a_drive_is_no_scheme(name: str) -> None:
    assert not is_uri(name)


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "",
            "b",
            "b/",
            "*",
            "*.html",
            "b/*",
            "b/*.html",
            "**",
            "**/*.html",
            "**/c/*",
            "b/**",
            "*/[01].html",
        ),
        *("b?c/*", "b/.hidden", "b/.*", "[[]z].html", "[z].html", "b/?.html", "**/**/1.html"),
    ],
)
def test_a_pattern_finds_what_it_finds_locally_in_the_same_order(tmp_path: Path, pattern: str) -> None:
    for name in TREE:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text("")
        put(f"memory://in/{name}", b"")
    local = [Path(one.path) for one in list_sources([f"{tmp_path}/in/{pattern}"])]
    found = [one.path for one in list_sources([f"memory://in/{pattern}"])]
    assert found == [f"memory://in/{path.relative_to(tmp_path / 'in').as_posix()}" for path in local]
    assert found


def test_a_uri_keeps_what_its_store_needs_to_be_found_again(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x y%20.html").write_text("<p>x")
    for name in ("", "a", "*/*", "**"):
        (one,) = list_sources([f"local://{tmp_path}/{name}"])
        assert one.path == f"local://{tmp_path}/a/x y%20.html"
        assert (one.size, [record.data for record in read(one.path)]) == (4, [b"<p>x"])


def test_a_folder_that_lists_itself_is_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    put("memory://in/a.html", b"")
    really = MemoryFileSystem.ls

    def ls(self: Any, path: str, detail: bool = True) -> Any:
        return [{"name": f"{path}/", "size": 0, "type": "file"}, *really(self, path, detail)]

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)
    assert [one.path for one in list_sources(["memory://in"])] == ["memory://in/a.html"]


@pytest.mark.parametrize("name", KINDS)
def test_a_file_in_a_store_has_the_records_of_the_same_file_here(tmp_path: Path, name: str) -> None:
    data = made(name)
    (tmp_path / name).write_bytes(data)
    local = read(str(tmp_path / name))
    uri = put(f"memory://in/{name}", data)
    Lossy.lost_at = len(data)
    lossless = put(f"lossy://in/{name}", data)
    assert anywhere(read(uri), uri) == anywhere(local, str(tmp_path / name))
    assert anywhere(read(lossless), lossless) == anywhere(local, str(tmp_path / name))
    assert len(local) in (1, PAGES) and not any(one.error for one in local)


@pytest.mark.parametrize("error", [None, TimeoutError(), ValueError("the server hung up")], ids=str)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
@pytest.mark.parametrize("name", KINDS)
def test_a_connection_that_is_lost_is_damage_wherever_it_is(name: str, share: float, error: Any) -> None:
    data = made(name)
    uri = put(f"lossy://in/{name}", data)
    Lossy.lost_at, Lossy.error = int(share * len(data)), error
    found = read(uri)
    last = found[-1]
    assert last.damage and f"DamagedSource: {uri} cannot be read" in (last.error or "")
    place = rf"reading stops at byte [\d,]+ of {len(data):,}: "
    assert re.search(place + (type(error).__name__ if error else "nothing more comes"), last.error or "")
    assert len(found) - 1 <= share * PAGES
    assert not any(one.error or one.truncated for one in found[:-1])
    if name in ("crawl.warc", "pages.jsonl"):  # what is compressed is read in larger pieces
        assert len(found) > share * PAGES - 512 * PAGES / len(data) - 2


def test_only_what_is_asked_for_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made("crawl.warc")
    uri = put("lossy://in/crawl.warc", data)
    Lossy.lost_at = len(data)
    fetched: list[int] = []
    really = LossyFile._fetch_range

    def fetch(self: Any, start: int, end: int) -> bytes:
        fetched.append(end)
        return really(self, start, end)

    monkeypatch.setattr(LossyFile, "_fetch_range", fetch)
    records = read_source(uri, PageFields(), 1000, lambda _: None)
    next(records)
    assert max(fetched) < 2000 < len(data)
    assert len(list(records)) == PAGES - 1 and max(fetched) == len(data)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    for name in ("b.jsonl", "c.warc.gz", "d.parquet", "page.html"):
        put(f"memory://in/{name}", made(name))
    return Job(("memory://in",), tmp_path / "out", part_rows=7, isolation=None)


def rows(folder: Path) -> list[dict[str, Any]]:
    parts = [part.read_text(encoding="utf-8") for part in sorted(folder.glob("part-*"))]
    return [json.loads(line) for part in parts for line in part.splitlines()]


def test_the_rows_are_those_of_local_files(job: Job, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.jsonl", "c.warc.gz", "d.parquet", "page.html"):
        (tmp_path / "in" / name).write_bytes(made(name))
    run_batch(job, QUIET)
    run_batch(replace(job, inputs=(str(tmp_path / "in"),), out=tmp_path / "local"), QUIET)
    local = json.dumps(rows(tmp_path / "local")).replace(str(tmp_path / "in"), "memory://in")
    assert rows(job.out) == json.loads(local)
    assert len(rows(job.out)) == 3 * PAGES + 1 and {row["status"] for row in rows(job.out)} == {"ok"}


def cut_short(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("classifier.batch.parts._force_folder", after(6, KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            run_batch(job, QUIET)
    assert len(rows(job.out)) == 14


def test_a_run_goes_on_where_it_was(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_batch(replace(job, out=tmp_path / "undisturbed"), QUIET)
    cut_short(job, monkeypatch)
    report = run_batch(job, QUIET)
    assert report.new.total["pages"] == 3 * PAGES + 1 - 14
    assert rows(job.out) == rows(tmp_path / "undisturbed")


def test_an_object_that_was_replaced_by_one_of_the_same_size_is_noticed(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(job, monkeypatch)
    put("memory://in/b.jsonl", made("b.jsonl").replace(b"sea", b"sun"))
    with pytest.raises(BatchError, match=re.escape("memory://in/b.jsonl is another")):
        run_batch(job, QUIET)


def test_a_version_is_an_etag_before_it_is_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    put("memory://in/a.html", b"")

    def changed(**info: Any) -> int:
        monkeypatch.setattr(
            MemoryFileSystem, "info", lambda *_: {"name": "/a.html", "size": 1, "type": "file"} | info
        )
        ((_, _, found),) = list_sources(["memory://a.html"])
        return found

    assert changed(ETag='"1"', LastModified="now") == changed(ETag='"1"', LastModified="then")
    assert len({changed(ETag='"1"'), changed(ETag='"2"'), changed(mtime=1.5), changed(mtime=2.5)}) == 4
    assert changed() == 0 and changed(ETag="", mtime=1.5) == changed(mtime=1.5)
    assert json.loads(json.dumps(changed(ETag='"1"'))) == changed(ETag='"1"')


def test_a_listing_that_was_kept_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    put("memory://in/a.html", b"")
    forgotten: list[Any] = []
    monkeypatch.setattr(MemoryFileSystem, "invalidate_cache", lambda self, path=None: forgotten.append(path))
    list_sources(["memory://in"])
    assert forgotten == [None]


@pytest.mark.parametrize("name", ["memory://missing", "memory://in/*.gz", "memory://missing/*", "https:///x"])
def test_what_is_not_there_is_told_at_once(name: str) -> None:
    put("memory://in/a.html", b"")
    with pytest.raises(BatchError, match=re.escape(name)):
        list_sources([name])


def test_a_uri_that_went_through_a_path_is_told_by_what_it_lost() -> None:
    with pytest.raises(BatchError, match=r"s3:/bucket/x: no such file .*a URI has two slashes"):
        list_sources([str(Path("s3://bucket/x"))])


def test_an_unknown_scheme_is_told_at_once() -> None:
    with pytest.raises(BatchError, match=r"s4://bucket cannot be listed: .*not known: s4"):
        list_sources(["s4://bucket"])


def test_a_store_that_refuses_is_told_at_once_with_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("Access Denied") from RuntimeError("no credentials")

    put("memory://in/b/c.html", b"")
    monkeypatch.setattr(MemoryFileSystem, "ls", refuse)
    later = list_sources(["memory://in"])  # that it is a folder is known without
    with pytest.raises(BatchError, match=r"memory://in cannot be listed: .*Access Denied \(.*no credentials"):
        next(later)
    monkeypatch.setattr(MemoryFileSystem, "info", refuse)
    with pytest.raises(BatchError, match=r"memory://in cannot be listed: .*Access Denied \(.*no credentials"):
        list_sources(["memory://in"])
    assert "No such" not in (read("memory://in/b/c.html")[0].error or "")


def test_a_listing_that_fails_later_ends_the_run_which_then_goes_on(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("memory://in/e/f.html", html(1).encode())
    run_batch(replace(job, out=tmp_path / "undisturbed"), QUIET)
    really = MemoryFileSystem.ls

    def ls(self: Any, path: str, detail: bool = True) -> Any:
        if path.endswith("/e"):
            raise ConnectionResetError("reset by peer")
        return really(self, path, detail)

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, "ls", ls)
        with pytest.raises(BatchError, match="cannot be listed: ConnectionResetError: reset by peer"):
            run_batch(job, QUIET)
    run_batch(job, QUIET)
    assert rows(job.out) == rows(tmp_path / "undisturbed")


def test_without_fsspec_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "fsspec"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(BatchError, match=re.escape("pip install 'clutter-classifier[remote]'")):
        list_sources(["s3://bucket/crawl"])
    (found,) = read("s3://bucket/crawl/x.warc.gz")
    assert found.damage and (found.error or "").startswith("MissingPackage: s3://bucket/crawl/x.warc.gz")


def test_without_the_package_of_a_store_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adlfs", None)
    with pytest.raises(BatchError, match=r"abfs://box/crawl cannot be listed: .*adlfs"):
        list_sources(["abfs://box/crawl"])
    (found,) = read("abfs://box/x.warc.gz")
    assert (found.error or "").startswith("MissingPackage: ") and "adlfs" in (found.error or "")


def test_after_a_lost_connection_the_run_goes_on_and_the_command_ends_with_1(tmp_path: Path) -> None:
    for name in ("a.warc", "page.html"):
        put(f"lossy://in/{name}", made(name))
    Lossy.lost_at, Lossy.error = len(made("a.warc")) // 2, None
    words = [
        "batch",
        "-q",
        "--workers",
        "2",
        "lossy://in/a.warc",
        "lossy://in/page.html",
        str(tmp_path / "out"),
    ]
    assert cli.main(words) == 1
    *before, last, page = rows(tmp_path / "out")
    assert 0 < len(before) < PAGES and {row["status"] for row in before} == {"ok"}
    assert last["source"] == "lossy://in/a.warc" and last["error"].startswith("DamagedSource: ")
    assert page["source"] == "lossy://in/page.html" and page["status"] == "ok"


def test_rows_are_written_to_a_local_folder_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.html").write_text(html(1))
    assert cli.main(["batch", "a.html", "s3://bucket/rows"]) == 2
    assert "name a local folder" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["a.html"]


def test_local_files_do_without_fsspec(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(html(1))
    words = ["batch", "-q", "--workers", "1", "--no-isolate", f"{tmp_path}/*.html", f"{tmp_path}/o"]
    code = f"import sys; from classifier.cli import main; main({words}); sys.exit('fsspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
    assert len(rows(tmp_path / "o")) == 1


class Server(BaseHTTPRequestHandler):
    """Serves `files`, whole or in ranges, and misbehaves as the path says."""

    protocol_version = "HTTP/1.1"
    files: ClassVar[dict[str, bytes]] = {}
    etag = '"1"'

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        how, _, name = self.path.partition("?")[0].strip("/").partition("/")
        data = self.files.get(name)
        if data is None:
            self.send_error(404)
            return
        first, end = 0, len(data)
        found = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if how in ("endless", "whole"):  # what a server may do with it
            found = None
        if found:
            first, end = int(found[1]), min(end, int(found[2]) + 1)
        self.send_response(206 if found else 200)
        self.send_header("ETag", self.etag)
        if how == "endless":  # no size: all that ends the answer is the connection
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(end - first))
        if how == "labelled":
            self.send_header("Content-Encoding", "gzip")
        if found:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(data)}")
        self.end_headers()
        if body and how == "lost" and first >= 2000:
            self.wfile.write(data[first : (first + end) // 2])
            self.close_connection = True
        elif body:
            self.wfile.write(data[first:end])


@pytest.fixture
def web() -> Iterator[str]:
    """The address of a server."""
    pytest.importorskip("aiohttp")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", KINDS)
def test_a_file_on_the_web_has_the_records_of_the_same_file_here(web: str, tmp_path: Path, name: str) -> None:
    Server.files = {name: made(name)}
    (tmp_path / name).write_bytes(made(name))
    address = f"{web}/well/{name}?signature=a.b%2Fc"
    ((path, size, changed),) = list_sources([address])
    assert (path, size) == (address, len(made(name))) and changed
    found = read(address)
    assert anywhere(found, address) == anywhere(read(str(tmp_path / name)), str(tmp_path / name))


def test_a_server_that_calls_a_compressed_file_an_encoding_is_not_believed(web: str) -> None:
    Server.files = {"crawl.warc.gz": made("crawl.warc.gz")}
    assert [one.error for one in read(f"{web}/labelled/crawl.warc.gz")] == [None] * PAGES


@pytest.mark.parametrize("name", ["crawl.warc", "pages.jsonl"])
def test_a_server_that_hangs_up_is_damage(web: str, name: str) -> None:
    Server.files = {name: made(name)}
    *before, last = read(f"{web}/lost/{name}")
    assert last.damage and "reading stops at byte" in (last.error or "")
    assert 0 < len(before) < PAGES and not any(one.error for one in before)


def test_a_server_that_sends_no_ranges_is_read_to_where_they_are_needed(web: str) -> None:
    Server.files = {"small.html": b"<p>x", "pages.jsonl": made("pages.jsonl")}
    assert [one.data for one in read(f"{web}/whole/small.html")] == [b"<p>x"]
    *before, last = read(f"{web}/whole/pages.jsonl")
    assert before and last.damage and "range requests" in (last.error or "")


def test_an_answer_whose_end_could_be_a_lost_connection_is_not_read(web: str) -> None:
    Server.files = {"pages.jsonl": made("pages.jsonl")}
    (found,) = read(f"{web}/endless/pages.jsonl")
    assert found.damage and "its size is not told" in (found.error or "")


@pytest.mark.parametrize("name", ["well/missing.html", "well/*.html"])
def test_an_address_that_is_not_there_is_told_with_the_answer(web: str, name: str) -> None:
    Server.files = {"a.html": b"<p>x"}
    with pytest.raises(BatchError, match=r"no such file .*404"):
        list_sources([f"{web}/{name}"])


def test_a_server_that_is_not_there_is_told_with_the_reason() -> None:
    pytest.importorskip("aiohttp")
    with pytest.raises(BatchError, match="Cannot connect to host 127"):
        list_sources(["http://127.0.0.1:9/x.html"])


def test_another_version_on_the_web_is_noticed(web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Server.files = {"a.html": b"<p>x"}

    def listed() -> list[Source]:
        return list(list_sources([f"{web}/well/a.html"]))

    before = listed()
    assert listed() == before
    monkeypatch.setattr(Server, "etag", '"2"')
    assert listed() != before
