"""`declutter site`, and `declutter --site`."""

from pathlib import Path

import pytest

from classifier import SiteProfile, cli

FOOTER = "All our prices include the tax, and delivery within the country takes three days at most."


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, what in {"a": "river", "b": "harbour of the north", "c": "mill on the hill"}.items():
        text = f"<main><p>The {what} was painted by someone who came here often.</main><footer><p>{FOOTER}"
        Path(f"{name}.html").write_text(text)


def test_pages_become_a_profile_with_which_others_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["site", "-o", "x.profile", "a.html", "b.html"]) == 0
    assert "x.profile: 2 different pages, 2 of them kept" in capsys.readouterr().err
    assert len(SiteProfile.load("x.profile")) == 2
    assert cli.main(["--blocks", "c.html"]) == 0
    alone = capsys.readouterr().out
    assert cli.main(["--blocks", "--site", "x.profile", "c.html"]) == 0
    assert capsys.readouterr().out != alone


def test_profiles_made_apart_are_joined() -> None:
    for name in "abc":
        assert cli.main(["site", "-o", f"{name}.profile", f"{name}.html"]) == 0
    joined = ["--join", "a.profile", "--join", "b.profile"]
    assert cli.main(["site", "-o", "all.profile", *joined, "c.html"]) == 0
    assert cli.main(["site", "-o", "same.profile", "c.html", "b.html", "a.html"]) == 0
    assert Path("all.profile").read_bytes() == Path("same.profile").read_bytes()


def test_a_page_that_cannot_be_read_is_told_and_the_others_are_gathered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["site", "-o", "x.profile", "a.html", "missing.html", "b.html"]) == 1
    assert "missing.html: No such file or directory" in capsys.readouterr().err
    assert len(SiteProfile.load("x.profile")) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--site", "a.html", "b.html"], "a.html: this is no site profile"),
        (["--site", "none.profile", "b.html"], "none.profile cannot be read"),
        (["site", "-o", "x.profile", "--join", "a.html"], "a.html: this is no site profile"),
    ],
)
def test_what_is_no_profile_is_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    assert message in capsys.readouterr().err


def test_a_profile_never_takes_the_place_of_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["site", "-o", "a.html", "a.html"])
    assert leaving.value.code == 2
    assert "the output a.html is one of the pages" in capsys.readouterr().err
