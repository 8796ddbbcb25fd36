import json
import time
from dataclasses import FrozenInstanceError, asdict, fields

import pytest

from classifier import Fact, Metadata, classify
from classifier.metadata import read_metadata

ADDRESS = "https://site.example/a/page.html"


def linked(*things: object) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(thing)}</script>' for thing in things)


def meta(**tags: str) -> str:
    pairs = ((name.replace("__", "."), value) for name, value in tags.items())
    return "".join(f'<meta name="{name}" content="{value}">' for name, value in pairs)


def graph(**tags: str) -> str:
    return "".join(f'<meta property="og:{name}" content="{value}">' for name, value in tags.items())


def found(markup: str) -> dict[str, tuple[str, str]]:
    """What a page says, without what it does not say."""
    facts = read_metadata(markup)
    pairs = ((one.name, getattr(facts, one.name)) for one in fields(Metadata))
    return {name: (fact.value, fact.source) for name, fact in pairs if fact}


def value(markup: str, name: str) -> str | None:
    return found(markup).get(name, (None,))[0]


class TestSources:
    def test_an_article_in_json_ld_gives_all_of_it(self) -> None:
        article = {
            "@type": "NewsArticle",
            "headline": "Head",
            "author": {"@type": "Person", "name": "Ann Lee"},
            "datePublished": "2024-03-14T06:00:00Z",
            "inLanguage": "en-GB",
            "publisher": {"@type": "Organization", "name": "The Paper"},
            "url": ADDRESS,
            "image": ["https://site.example/i.jpg", "https://site.example/j.jpg"],
            "description": "What happened.",
        }
        assert found(linked(article)) == {
            "title": ("Head", "json-ld"),
            "author": ("Ann Lee", "json-ld"),
            "date": ("2024-03-14T06:00:00+00:00", "json-ld"),
            "language": ("en-GB", "json-ld"),
            "site_name": ("The Paper", "json-ld"),
            "url": (ADDRESS, "json-ld"),
            "image": ("https://site.example/i.jpg", "json-ld"),
            "description": ("What happened.", "json-ld"),
        }

    def test_open_graph_tells_what_json_ld_does_not(self) -> None:
        page = graph(title="T", site_name="S", locale="pt_BR", url=ADDRESS, description="D")
        page += '<meta property="article:published_time" content="2024-03-14">'
        assert found(page) == {
            "title": ("T", "open-graph"),
            "date": ("2024-03-14", "open-graph"),
            "language": ("pt-BR", "open-graph"),
            "site_name": ("S", "open-graph"),
            "url": (ADDRESS, "open-graph"),
            "description": ("D", "open-graph"),
        }

    def test_the_first_of_several_images_counts(self) -> None:
        page = graph(image="https://a.example/1.png") + graph(image="https://a.example/2.png")
        assert value(page, "image") == "https://a.example/1.png"

    def test_twitter_cards_come_after_open_graph(self) -> None:
        cards = '<meta name="twitter:title" content="t"><meta name="twitter:description" content="d">'
        assert found(cards + graph(title="T")) == {
            "title": ("T", "open-graph"),
            "description": ("d", "twitter"),
        }

    def test_meta_tags_come_after_twitter_cards(self) -> None:
        page = meta(author="A", description="D", dc__title="T", dc__date="2001-02-03")
        assert {source for _, source in found(page).values()} == {"meta"}
        assert value(page, "author") == "A" and value(page, "title") == "T"

    def test_html_itself_comes_last(self) -> None:
        page = (
            f"<html lang=de><title> A\n b </title><link rel=canonical href='{ADDRESS}'>"
            "<a rel=author href=/x>Ann</a><time pubdate datetime=2024-03-14>today</time>"
        )
        assert found(page) == {
            "title": ("A b", "html"),
            "author": ("Ann", "html"),
            "date": ("2024-03-14", "html"),
            "language": ("de", "html"),
            "url": (ADDRESS, "html"),
        }

    def test_the_places_of_html_for_language_and_address_come_first(self) -> None:
        page = f"<html lang=de><link rel=canonical href='{ADDRESS}'>"
        page += graph(locale="en_US", url="https://b.example/")
        assert (value(page, "language"), value(page, "url")) == ("de", ADDRESS)

    def test_microdata_is_read_like_json_ld(self) -> None:
        page = (
            "<div itemscope itemtype='https://schema.org/QAPage'><div itemprop=mainEntity itemscope "
            "itemtype='https://schema.org/Question'><h1 itemprop=name>Why?</h1>"
            "<span itemprop=author itemscope><b itemprop=name>Ann</b></span>"
            "<time itemprop=dateCreated datetime=2024-03-14></time></div></div>"
        )
        assert found(page) == {
            "title": ("Why?", "microdata"),
            "author": ("Ann", "microdata"),
            "date": ("2024-03-14", "microdata"),
        }

    def test_a_page_that_says_nothing_has_no_facts(self) -> None:
        assert read_metadata("") == read_metadata("<p>a") == Metadata()


class TestJsonLinkedData:
    def test_a_graph_resolves_its_references(self) -> None:
        page = {
            "@graph": [
                {"@type": "WebSite", "name": "Site"},
                {"@type": ["Article"], "headline": "H", "author": {"@id": "#a"}, "image": {"@id": "#i"}},
                {"@type": "Person", "@id": "#a", "name": "Ann"},
                {"@type": "ImageObject", "@id": "#i", "url": "https://site.example/i.png"},
            ]
        }
        assert {name: one for name, (one, _) in found(linked(page)).items()} == {
            "title": "H",
            "author": "Ann",
            "site_name": "Site",
            "image": "https://site.example/i.png",
        }

    def test_several_authors_stand_in_one_line_each_once(self) -> None:
        authors = ["Ann", {"name": "Bo"}, {"name": "Ann"}, "https://site.example/ann"]
        assert value(linked({"@type": "Article", "author": authors}), "author") == "Ann, Bo"

    def test_an_article_comes_before_the_product_that_it_is_about(self) -> None:
        page = linked({"@type": "Product", "name": "P"}, {"@type": "BlogPosting", "headline": "H"})
        assert value(page, "title") == "H"

    def test_a_list_of_products_names_no_page(self) -> None:
        products = [{"@type": "Product", "name": name} for name in "ab"]
        assert found(linked(products, {"@type": "CollectionPage", "name": "All"})) == {
            "title": ("All", "json-ld")
        }

    def test_a_work_with_another_address_is_only_mentioned(self) -> None:
        post = {"@type": "BlogPosting", "headline": "Another", "url": "https://site.example/another"}
        page = f"<title>T</title><link rel=canonical href='{ADDRESS}'>"
        assert value(page + linked(post), "title") == "T"
        post["url"] = "http://www.site.example/a/page.html?from=feed#top"
        assert value(page + linked(post), "title") == "Another"

    def test_an_organization_and_a_breadcrumb_are_not_what_a_page_is_about(self) -> None:
        assert found(linked({"@type": "Organization", "name": "O"}, {"@type": "BreadcrumbList"})) == {}

    def test_markup_and_entities_in_values_are_resolved(self) -> None:
        page = linked({"@type": "http://schema.org/Article", "headline": "A &amp; <b>b</b>\n c"})
        assert value(page, "title") == "A & b c"


class TestDates:
    @pytest.mark.parametrize(
        ("written", "iso"),
        [
            ("2024-03-14", "2024-03-14"),
            ("2024-03", "2024-03"),
            ("2024/3/4", "2024-03-04"),
            ("2024-03-14 06:00:00 +0100", "2024-03-14T06:00:00+01:00"),
            ("2024-03-14T06:00:00.5Z", "2024-03-14T06:00:00.500000+00:00"),
            ("March 14, 2024", "2024-03-14"),
            ("Thu, 14th Mar 2024", "2024-03-14"),
            ("Thu, 14 Mar 2024 10:00:00 GMT", "2024-03-14T10:00:00+00:00"),
        ],
    )
    def test_a_date_that_leaves_no_doubt_becomes_iso_8601(self, written: str, iso: str) -> None:
        assert value(meta(date=written), "date") == iso

    @pytest.mark.parametrize("written", ["03/04/2024", "14 Março 2024", "2024-13-40", "Smarch 1, 2024"])
    def test_any_other_date_stays_as_it_is_written(self, written: str) -> None:
        assert value(meta(date=written), "date") == written

    @pytest.mark.parametrize("written", ["today", "0001-01-01T00:00:00", "1" * 200])
    def test_what_is_no_date_is_none(self, written: str) -> None:
        assert value(meta(date=written), "date") is None


class TestAddresses:
    def test_relative_ones_are_resolved_by_the_canonical_address(self) -> None:
        page = f"<link rel=canonical href='{ADDRESS}'>" + graph(image="../i.png")
        assert value(page, "image") == "https://site.example/i.png"

    def test_relative_ones_are_resolved_by_the_base_of_the_page(self) -> None:
        page = "<base href='https://b.example/x/'><link rel=canonical href=y>" + graph(image="i.png")
        assert (value(page, "url"), value(page, "image")) == (
            "https://b.example/x/y",
            "https://b.example/x/i.png",
        )

    def test_relative_ones_without_a_base_are_left_out(self) -> None:
        assert found("<link rel=canonical href=/y>" + graph(image="/i.png")) == {}

    @pytest.mark.parametrize(
        "address",
        [
            "javascript:alert(1)",
            "data:image/png;base64,R0",
            "ftp://a.b/c",
            "https://a/c d",
            "https://",
            "#a",
        ],
    )
    def test_only_addresses_of_the_web_are_given(self, address: str) -> None:
        page = f"<base href='https://b.example/'><link rel=canonical href='{address}'>"
        assert value(page + graph(image=address), "url") is None
        assert value(page + graph(image=address), "image") is None


WRONG = [
    None,
    True,
    0,
    1.5,
    [],
    {},
    [[]],
    [{}],
    {"name": []},
    {"name": {"name": 1}},
    {"@id": {}},
    "\ud800",
    " ",
]


class TestHostilePages:
    @pytest.mark.parametrize("wrong", WRONG, ids=repr)
    def test_values_of_any_type_raise_nothing(self, wrong: object) -> None:
        keys = (
            "@type @id headline name author datePublished inLanguage publisher url image description @graph"
        )
        for key in keys.split():
            read_metadata(linked({"@type": "Article", key: wrong}, wrong))
            read_metadata(linked({"@type": "Article", key: [wrong, wrong]}))

    @pytest.mark.parametrize(
        "page",
        [
            '<script type="application/ld+json">' + "[" * 1_000_000,
            '<script type="application/ld+json">' + '{"@graph":' * 300 + "1" + "}" * 300 + "</script>",
            '<script type="application/ld+json">{"a": ' + "9" * 1_000_000 + "}</script>",
            linked([{"@type": "Article", "headline": "x" * 20} for _ in range(200_000)]),
            linked({"@type": "Article", "author": [{"name": "x" * 20}] * 200_000}),
            linked({"@type": "Article", "headline": "x" * 5_000_000}),
            linked(
                {"@id": "a", "name": "<b></b>" * 1_400},
                *({"@type": "WebSite", "name": [{"@id": "a"}] * 20} for _ in range(3_000)),
            ),
            "<meta name=author content=a>" * 100_000,
            "<div itemscope itemprop=a>" * 20_000,
            "<link rel=canonical href='//[/'>" * 10_000,
            "<div itemscope itemref=a></div>" * 3_000 + "<p id=a>" + "<b itemprop=x>y</b>" * 3_000,
        ],
        ids="open deep digits articles authors long named tags items links references".split(),
    )
    def test_large_and_deep_ones_are_read_in_a_second(self, page: str) -> None:
        start = time.process_time()
        read_metadata(page)
        assert time.process_time() - start < 4

    def test_a_text_is_no_title(self) -> None:
        assert value("<title>t</title>" + graph(title="x" * 20_000), "title") == "t"


class TestOnAPage:
    PAGE = "<html lang=en><title>T</title><body><p>A sentence that is long enough to be kept as content.</p>"

    def test_a_page_reads_it_once_when_it_is_asked_for(self) -> None:
        page = classify(self.PAGE)
        assert page.metadata.title == Fact("T", "html")
        assert page.metadata is page.metadata

    def test_plain_text_says_nothing(self) -> None:
        assert classify("<title>T</title> is how a title is written.", kind="text").metadata == Metadata()

    def test_a_page_without_text_has_its_metadata(self) -> None:
        assert classify(graph(title="T"), kind="html").metadata.title == Fact("T", "open-graph")

    def test_a_page_as_plain_values_holds_it(self) -> None:
        page = classify(self.PAGE)
        assert page.to_dict()["metadata"] == asdict(page.metadata)
        assert page.to_dict()["metadata"]["language"] == {"value": "en", "source": "html"}

    def test_it_cannot_be_changed(self) -> None:
        with pytest.raises(FrozenInstanceError):
            read_metadata(self.PAGE).title = None  # type: ignore[misc]
