"""Files of every kind -> records; whatever is broken is told in its place."""

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier.batch.containers import read_source
from classifier.batch.records import PageFields, Record
from classifier.batch.sources import list_sources
from classifier.errors import BatchError
from tests.batch.helpers import zstandard


def read(path: Path, fields: PageFields | None = None, max_bytes: int = 10_000) -> list[Record]:
    return list(read_source(str(path), fields or PageFields(), max_bytes, lambda _: None))


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def http(body: bytes, *lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + body


def warc(block: bytes, *lines: str, kind: str = "response", number: int = 1) -> bytes:
    header = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{number}>",
        f"WARC-Target-URI: https://example.org/{number}",
        f"Content-Length: {len(block)}",
        *(lines or ("Content-Type: application/http; msgtype=response",)),
    ]
    return "\r\n".join([*header, "", ""]).encode() + block + b"\r\n\r\n"


PAGES = b"".join(warc(http(b"<p>%d" % n, "Content-Type: text/html"), number=n) for n in range(1, 5))


def paths(folder: Path, *inputs: str) -> list[str]:
    found = list_sources([str(folder / one) for one in inputs], folder / "out")
    return [Path(one.path).relative_to(folder).as_posix() for one in found]


def test_files_come_in_the_order_given_and_sorted_within_a_folder(tmp_path: Path) -> None:
    for name in ("b/2.html", "b/1.html", "b/c/0.html", "b/.hidden", "a.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert paths(tmp_path, "b", "a.html") == ["b/1.html", "b/2.html", "b/c/0.html", "a.html"]
    assert paths(tmp_path, "b/*.html") == ["b/1.html", "b/2.html"]
    assert paths(tmp_path, "**/*.html") == ["a.html", "b/1.html", "b/2.html", "b/c/0.html"]


@pytest.mark.parametrize("name", ["missing", "missing*", "."])
def test_an_input_that_cannot_be_meant_is_told_at_once(tmp_path: Path, name: str) -> None:
    with pytest.raises(BatchError):
        list_sources([str(tmp_path / name)], tmp_path / "out")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard])
def test_a_page_may_be_compressed(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (found,) = read(written(tmp_path / "page.html", pack(b"<p>A page")))
    assert (found.data, found.error, found.position) == (b"<p>A page", None, 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_of_a_page_above_the_limit_one_byte_more_is_read(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (found,) = read(written(tmp_path / "page.html", pack(b"x" * 20_000)))
    assert (found.data, found.error) == (b"x" * 10_001, None)


def test_a_file_that_is_gone_is_damage(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "gone.html")
    assert found.damage and "No such file" in (found.error or "")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard])
def test_json_lines_name_pages_by_line(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    lines = [{"id": 7, "html": "<p>é", "url": "https://example.org/", "encoding": "utf-8"}, {"text": "x"}]
    data = "\n\n".join(json.dumps(line) for line in lines).encode()
    one, two = read(written(tmp_path / "pages.jsonl.x", b"")) and read(
        written(tmp_path / "pages.jsonl", pack(data))
    )
    assert (one.id, one.position, one.data, one.kind) == ("7", 1, "<p>é", None)
    assert (one.url, one.encoding) == ("https://example.org/", "utf-8")
    assert (two.id, two.position, two.data, two.kind) == (f"{tmp_path / 'pages.jsonl'}:3", 3, "x", "text")


def test_a_field_of_another_name_can_be_the_page(tmp_path: Path) -> None:
    path = written(tmp_path / "pages.jsonl", b'{"body": "<p>x", "html": "no", "key": "a"}')
    (found,) = read(path, PageFields(page="body", id="key"))
    assert (found.id, found.data) == ("a", "<p>x")


@pytest.mark.parametrize(
    "line", [b"{", b"[1]", b'{"html": 1}', b"{}", b"\xff\xff", b"[" * 100_000, b'{"html": "cut of']
)
def test_a_broken_line_costs_only_itself(tmp_path: Path, line: bytes) -> None:
    whole = b'{"html": "<p>x"}'
    found = read(written(tmp_path / "pages.jsonl", b"\n".join([whole, line, whole])), max_bytes=100_000)
    assert [(one.position, bool(one.error)) for one in found] == [(1, False), (2, True), (3, False)]
    assert (found[1].error or "").startswith("DamagedRecord")


def test_a_line_without_end_is_an_error_that_is_not_held_in_memory(tmp_path: Path) -> None:
    line = b'{"html": "' + b"x" * 200_000 + b'"}'
    found = read(written(tmp_path / "pages.jsonl", line + b'\n{"html": "<p>"}'), max_bytes=10)
    assert [(one.error or "").split(":")[0] for one in found] == ["PageTooLargeError", ""]


def test_parquet_names_pages_by_row(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table({"id": ["a", "b"], "html": [b"<p>x", None], "other": [1, 2]})
    pq.write_table(table, tmp_path / "pages.parquet")
    one, two = read(tmp_path / "pages.parquet")
    assert (one.id, one.position, one.data, one.error) == ("a", 1, b"<p>x", None)
    assert (two.id, two.position) == ("b", 2) and "no page in its field 'html'" in (two.error or "")
    (cut,) = read(written(tmp_path / "cut.parquet", (tmp_path / "pages.parquet").read_bytes()[:99]))
    assert cut.damage


def test_without_pyarrow_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    for name, data in (("pages.parquet", b"PAR1"), ("page.html.zst", b"\x28\xb5\x2f\xfd")):
        (found,) = read(written(tmp_path / name, data))
        assert found.damage and "pip install 'clutter-classifier[batch]'" in (found.error or "")


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard])
def test_a_warc_gives_its_pages_alone(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    records = [
        warc(b"software: x", "Content-Type: application/warc-fields", kind="warcinfo", number=1),
        warc(b"GET / HTTP/1.1", kind="request", number=2),
        warc(http(b"<p>\xe9", "Content-Type: text/html; charset=ISO-8859-1"), number=3),
        warc("Un café".encode(), "Content-Type: text/plain", kind="conversion", number=4),
        warc(http(b"\x89PNG", "Content-Type: image/png"), number=5),
    ]
    page, text, image = read(written(tmp_path / "crawl.warc.x", b"")) and read(
        written(tmp_path / "crawl.warc.gz", b"".join(map(pack, records)))
    )
    assert (page.id, page.position, page.url) == ("urn:uuid:3", 3, "https://example.org/3")
    assert (page.data, page.encoding, page.kind) == (b"<p>\xe9", "iso-8859-1", None)
    assert (text.data, text.kind) == ("Un café".encode(), "text")
    assert image.error == "NoPage: the media type is image/png"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"5\r\n<p>On\r\n2;x=y\r\ne!\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"]),
        (b"<p>One!", ["Transfer-Encoding: chunked"]),
        (gzip.compress(b"<p>One!"), ["Content-Encoding: gzip"]),
        (b"<p>One!", ["Content-Encoding: gzip"]),
        (zlib.compress(b"<p>One!"), ["Content-Encoding: deflate"]),
        (zlib.compress(b"<p>One!")[2:-4], ["Content-Encoding: deflate"]),
        (b"<p>One!", ["Content-Encoding: br"]),
    ],
)
def test_encodings_of_the_transfer_are_undone_if_they_are_there(
    tmp_path: Path, body: bytes, lines: list[str]
) -> None:
    (found,) = read(written(tmp_path / "crawl.warc", warc(http(body, *lines))))
    assert (found.data, found.error) == (b"<p>One!", None)


def test_of_a_body_that_unpacks_to_more_than_the_limit_one_byte_more_is_read(tmp_path: Path) -> None:
    bomb = warc(http(gzip.compress(b"x" * 20_000), "Content-Encoding: gzip"))
    large = warc(http(b"x" * 2_000_000))
    found = read(written(tmp_path / "crawl.warc", bomb + large + PAGES))
    assert [one.data for one in found[:2]] == [b"x" * 10_001] * 2
    assert [one.error for one in found] == [None] * 6


def test_a_page_that_the_crawler_cut_off_is_truncated(tmp_path: Path) -> None:
    record = warc(http(b"<p>x"), "Content-Type: application/http", "WARC-Truncated: length")
    (found,) = read(written(tmp_path / "crawl.warc", record))
    assert (found.data, found.truncated) == (b"<p>x", "Truncated: length")


@pytest.mark.parametrize("cut", range(1, len(PAGES) - 5, 13))
def test_a_warc_that_is_cut_off_says_so_wherever_it_is(tmp_path: Path, cut: int) -> None:
    found = read(written(tmp_path / "crawl.warc", PAGES[:cut]))
    one = len(PAGES) // 4
    assert found[-1].damage or cut % one in (0, *range(one - 4, one))  # only the line ends after a record
    whole = [one.data for one in found if not one.error and not one.truncated]
    assert whole == [b"<p>%d" % number for number in range(1, len(whole) + 1)]
    assert len(whole) >= cut // one


@pytest.mark.parametrize("cut", [30, 200, 700, -100, -1])
def test_a_gzip_file_that_is_cut_off_keeps_the_pages_before(tmp_path: Path, cut: int) -> None:
    data = b"".join(gzip.compress(warc(http(b"<p>x"), number=n)) for n in range(9))
    found = read(written(tmp_path / "crawl.warc.gz", data[:cut]))
    assert found[-1].damage and "DamagedSource" in (found[-1].error or "")
    assert len(found) - 1 >= sum(len(data[:cut]) >= (n + 1) * len(data) // 9 for n in range(9))
    assert all(one.data == b"<p>x" for one in found[:-1])


def test_reading_goes_on_at_the_next_record_after_rubbish(tmp_path: Path) -> None:
    one = len(PAGES) // 4
    found = read(written(tmp_path / "crawl.warc", PAGES[:one] + b"rubbish\r\n" * 9 + PAGES[one:]))
    assert [one.damage for one in found] == [False, True, False, False, False]
