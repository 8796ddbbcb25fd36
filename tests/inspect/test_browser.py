"""The report in a real browser: by mouse, by keyboard, with hostile pages, and its labels back in Python."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from classifier import ExplanationError, Page, classify
from classifier.inspect import inspect_pages
from train.corpus import GoldPage, read

CONTENT, CLUTTER = "content", "clutter"
FORUM_LABELS: Final = [CLUTTER, CLUTTER, CONTENT, CONTENT, CONTENT, CONTENT, CLUTTER, CLUTTER]
# What a page does that should do nothing: dialogs, messages, requests and breaches of the policy.
WATCH: Final = """
window.violations = [];
addEventListener("securitypolicyviolation", event => violations.push(event.violatedDirective));
"""
Make = Callable[..., Page]


class Shown:
    """A report in a tab of its own, and all that it does beside showing itself."""

    def __init__(self, browser: Any, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.context = browser.new_context(accept_downloads=True, **options)
        self.context.add_init_script(WATCH)
        self.tab = self.context.new_page()
        self.noise: list[str] = []
        self.leaving: list[str] = []
        self.tab.set_default_timeout(5_000)
        self.tab.on("console", lambda message: self.noise.append(message.text))
        self.tab.on("pageerror", lambda error: self.noise.append(str(error)))
        self.tab.on("request", lambda request: self.noise.append(request.url))
        self.tab.on("dialog", self._dialog)

    def _dialog(self, dialog: Any) -> None:
        (self.leaving if dialog.type == "beforeunload" else self.noise).append(dialog.type)
        dialog.accept()

    def open(self, *pages: Page, **named: Page) -> "Shown":
        path = self.folder / "report.html"
        path.write_text(inspect_pages(named or pages), encoding="utf-8")
        self.tab.goto(path.as_uri())
        return self._begun()

    def reload(self) -> "Shown":
        self.tab.reload()
        return self._begun()

    def _begun(self) -> "Shown":
        self.tab.wait_for_selector("#app:not([hidden])")
        assert self.noise.pop(0) == self.tab.url  # the request for the file itself
        return self

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def click(self, index: int, part: str = ".text", *held: str) -> None:
        self.tab.click(f"#block-{index} {part}", modifiers=list(held))

    def labels(self) -> list[str]:
        found: list[str] = self.tab.eval_on_selector_all(
            ".block", "rows => rows.map(row => row.dataset.label)"
        )
        return found

    def selected(self) -> list[int]:
        found: list[int] = self.tab.eval_on_selector_all(
            ".block[aria-selected=true]", "rows => rows.map(row => Number(row.dataset.block))"
        )
        return found

    def page(self) -> str:
        return str(self.tab.title()).removesuffix(" – declutter inspect")

    def text(self, selector: str) -> str:
        return str(self.tab.text_content(selector)).replace("\u202f", " ")

    def saved(self, name: str = "labels.jsonl") -> Path:
        with self.tab.expect_download() as download:
            self.tab.click("#save")
        assert download.value.suggested_filename == "labels.jsonl"
        path = self.folder / name
        download.value.save_as(path)
        return path


@pytest.fixture
def shown(chromium: Any, tmp_path: Path) -> Iterator[Shown]:
    """A tab; whatever it did beside showing the report fails the test."""
    one = Shown(chromium, tmp_path)
    yield one
    assert one.noise == []
    assert one.tab.evaluate("violations") == []
    one.context.close()


def labels_of(page: GoldPage) -> list[str]:
    return [CONTENT if is_content else CLUTTER for _, is_content in page.labels or ()]


# -- what is shown --------------------------------------------------------------------------------


def test_every_block_is_shown_in_order_with_its_label_tag_and_probability(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    texts = shown.tab.eval_on_selector_all(".block .text", "all => all.map(one => one.textContent)")
    assert texts == [block.text for block in forum.blocks]
    assert shown.labels() == FORUM_LABELS
    row = shown.text("#block-4")
    assert row == "content 60 % p Sent from my boat "
    assert shown.text("#title") == "A leak | Boats"
    assert shown.text("#facts") == "page 1 · HTML · confidence 0.87 · 8 blocks"
    assert shown.text("#counts") == "Content: 16 of 25 words (64 %), 4 of 8 blocks"


def test_path_features_and_their_meaning_are_shown_on_demand(shown: Shown) -> None:
    page = classify(
        "<div><p>The river rises in the hills, turns west and reaches the sea.</div>", kind="html"
    )
    shown.open(page)
    assert "html > body > div:nth-child(1) > p:nth-child(1)" in shown.text("#details")
    shown.tab.click("summary")
    shown.tab.wait_for_selector("#details tbody tr")  # the browser tells of the opening a little later
    assert len(shown.tab.query_selector_all("#details tbody tr")) == len(page.feature_names)
    shown.tab.fill("#details input", "per_link")
    rows = shown.tab.query_selector_all("#details tbody tr")
    assert [row.query_selector("th").text_content().split(")")[0] for row in rows] == [
        "words_per_linklog(1 + words / (1 + links"
    ]


def test_what_moved_a_block_is_told_in_words_and_adds_up(shown: Shown, forum: Page) -> None:
    page = classify(
        "<div><p>The river rises in the hills, turns west and reaches the sea.</div>", kind="html"
    )
    shown.open(page, forum)
    (told,) = page.explanations()
    effects = shown.tab.eval_on_selector_all(
        ".why .effect", "all => all.map(one => Number(one.textContent.replace('\u2212', '-')))"
    )
    assert len(effects) > 2
    assert told.baseline + sum(effects) == pytest.approx(told.probability, abs=0.005 * (len(effects) + 1))
    first = told.influences[0]
    assert shown.text(".why li").startswith(f"{first.title}{first.effect:+.2f}".replace("-", "\u2212"))
    assert first.evidence[0].text in shown.text(".why li")
    shown.press("]")
    with pytest.raises(ExplanationError) as unknown:
        forum.explanations()
    assert shown.text(".why p") == str(unknown.value)


def test_the_threshold_relabels_live_and_spares_what_a_person_set(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.click(0, ".label")
    slider = shown.tab.locator("#threshold")
    slider.fill("0.96")
    assert shown.labels() == [CONTENT, CLUTTER, CLUTTER, CONTENT, *[CLUTTER] * 4]
    assert shown.text("#counts") == "Content: 7 of 25 words (28 %), 2 of 8 blocks"
    slider.fill("0")
    assert shown.labels() == [CONTENT] * 8
    assert shown.text("#counts").startswith("Content: 25 of 25 words")
    shown.tab.click("#model-choice")
    assert shown.labels() == [CONTENT, *FORUM_LABELS[1:]]


def test_the_filter_shows_some_blocks_only_and_the_range_leaves_out_the_others(
    shown: Shown, forum: Page
) -> None:
    shown.open(forum)
    shown.tab.select_option("#filter", "unsure")
    assert shown.tab.eval_on_selector_all(".block:not([hidden])", "rows => rows.map(row => row.id)") == [
        "block-4",
        "block-6",
    ]
    shown.click(4)
    shown.click(6, ".text", "Shift")
    assert shown.selected() == [4, 6]
    shown.tab.select_option("#filter", "yours")
    assert shown.text("#nothing") == "No block of this page is so."


def test_a_block_that_the_filter_hides_is_not_labelled(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.tab.select_option("#filter", "content")
    shown.click(2)
    shown.click(5, ".text", "Shift")
    slider = shown.tab.locator("#threshold")
    slider.fill("0.96")
    slider.dispatch_event("change")
    assert shown.selected() == [3]
    slider.fill("1")
    slider.dispatch_event("change")
    assert shown.selected() == []
    shown.tab.click("#set-content")
    shown.tab.select_option("#filter", "yours")
    assert shown.text("#nothing") == "No block of this page is so."


def test_screen_readers_have_names_roles_and_states_for_all_of_it(shown: Shown, forum: Page) -> None:
    shown.open(a=forum, b=forum)
    tree = shown.tab.locator("body").aria_snapshot()
    for line in (
        '- banner:',
        '- group "Pages":',
        '- button "Previous page"',
        '- combobox "Page":',
        '- progressbar "0 of 2 pages checked"',
        '- button "Undo" [disabled]',
        '- button "Mark checked"',
        '- heading "A leak | Boats" [level=2]',
        '- slider "Threshold": "0.5"',
        '- searchbox "Search the page’s text"',
        '- listbox "Blocks of the page":',
        '- option "clutter 10 % li A leak" [selected]',
        '- complementary "Selected blocks":',
        '- button "Content"',
        '- status',
    ):  # fmt: skip
        assert line in tree, f"{line} is not in\n{tree}"
    shown.press("Space")
    assert '- option "content 10 % li A leak by you" [selected]' in shown.tab.locator("body").aria_snapshot()
    assert shown.tab.get_attribute("#set-content", "aria-pressed") == "true"
    told = shown.tab.get_attribute("#threshold", "aria-valuetext")
    assert told == "0.50, the model’s choice; 18 of 25 words are content"
    assert shown.tab.evaluate("document.querySelectorAll('.block[tabindex=\"0\"]').length") == 1


# Contrast of every text with the ground that it stands on (WCAG 2.2, 1.4.3), both painted to know them.
CONTRASTS: Final = r"""() => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    const paint = (colours) => {
        pen.clearRect(0, 0, 1, 1);
        for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
        return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const light = rgb => {
        const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = rgb.map(v => linear(v / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    let tints = 0;
    for (const one of document.querySelectorAll("body *")) {
        const style = getComputedStyle(one);
        const isText = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!isText || !one.checkVisibility() || one.closest("#status, .unseen, :disabled, option")) continue;
        const grounds = [];
        for (let up = one; up; up = up.parentElement) {
            const { backgroundColor, boxShadow } = getComputedStyle(up);
            const tint = boxShadow.match(/(\w+\([^)]*\)) 0px 0px 0px \d{3,}[^,]*inset/);
            if (tint) { grounds.unshift(tint[1]); tints++; }
            grounds.unshift(backgroundColor);
        }
        const ground = paint(grounds), text = paint([...grounds, style.color]);
        const [dark, bright] = [light(ground), light(text)].sort((a, b) => a - b);
        found.push([(bright + 0.05) / (dark + 0.05), one.className || one.tagName, one.textContent]);
    }
    return [tints, found];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_contrast_enough_in_both_themes(shown: Shown, forum: Page, theme: str) -> None:
    shown.tab.emulate_media(color_scheme=theme)
    shown.open(a=forum, b=forum)
    shown.press("End", "Space", "n")
    tints, found = shown.tab.evaluate(CONTRASTS)
    assert tints > 3 and len(found) > 50  # the selected row is among them
    assert [one for one in found if one[0] < 4.5] == []


def test_the_theme_can_be_chosen_and_is_kept(shown: Shown, forum: Page) -> None:
    shown.tab.emulate_media(color_scheme="light")
    shown.open(forum)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = shown.tab.evaluate(ground)
    shown.tab.click("#theme")
    assert (shown.text("#status"), shown.tab.evaluate(ground)) == ("Theme: light", light)
    shown.tab.click("#theme")
    assert shown.tab.evaluate(ground) != light
    shown.reload()
    assert shown.tab.evaluate(ground) != light


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (400, 800), (320, 256)])
def test_nothing_is_cut_off_to_the_side_and_the_keyboard_keeps_its_block_in_sight(
    shown: Shown, make_page: Make, width: int, height: int
) -> None:
    shown.tab.set_viewport_size({"width": width, "height": height})
    shown.open(make_page("".join(f"<p>{'word' * 40} {i}" for i in range(80)), [0.9] * 80))
    assert shown.tab.evaluate("document.documentElement.scrollWidth") <= width
    shown.press("End")
    shown.press(*["ArrowUp"] * 30)
    hidden = """() => {
        const {top, bottom, left} = document.activeElement.getBoundingClientRect();
        return [top + 2, bottom - 2].filter(y => document.elementFromPoint(left + 20, y)?.closest(".block")
            !== document.activeElement);
    }"""
    assert shown.tab.evaluate("document.activeElement.id") == "block-49"
    assert shown.tab.evaluate(hidden) == []


# -- labels by mouse and by keyboard --------------------------------------------------------------


def test_a_click_on_a_label_flips_it_and_says_so(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.click(4, ".label")
    assert shown.labels() == [*FORUM_LABELS[:4], CLUTTER, *FORUM_LABELS[5:]]
    assert shown.text("#block-4 .by") == "by you"
    assert shown.text("#status") == "Block 5: clutter"
    assert "clutter, set by you (content by the model)" in shown.text("#details")


def test_a_range_is_labelled_by_shift_and_a_button(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.click(3)
    shown.click(6, ".text", "Shift")
    assert shown.selected() == [3, 4, 5, 6]
    shown.tab.click("#set-clutter")
    assert shown.labels() == [CLUTTER, CLUTTER, CONTENT, *[CLUTTER] * 5]


def test_blocks_are_added_and_taken_out_one_by_one(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.click(0)
    shown.click(7, ".text", "Control")
    shown.click(5, ".text", "Control")
    shown.click(5, ".text", "Control")
    assert shown.selected() == [0, 7]
    shown.press("c")
    assert shown.labels() == [CONTENT, *FORUM_LABELS[1:7], CONTENT]


def test_the_keyboard_moves_selects_and_labels(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.press("ArrowDown", "j", "Space")
    assert shown.labels()[2] == CLUTTER
    shown.press("End", "Shift+ArrowUp", "Shift+K", "c")
    assert shown.selected() == [5, 6, 7]
    assert shown.labels()[5:] == [CONTENT] * 3
    shown.press("Backspace")
    assert shown.labels()[5:] == FORUM_LABELS[5:]
    shown.press("Home", "Control+a", "x")
    assert shown.labels() == [CLUTTER] * 8
    shown.press("Escape")
    assert shown.selected() == [0]


def test_blocks_of_the_same_path_are_labelled_together(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.click(4)
    assert shown.text("#same-path") == "Same path · 2"
    shown.press("s", "x")
    assert shown.selected() == [4, 6]
    assert shown.labels() == [*FORUM_LABELS[:4], CLUTTER, CONTENT, CLUTTER, CLUTTER]


def test_the_keys_n_and_p_go_to_the_blocks_that_the_model_is_unsure_of(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.press("n")
    assert shown.selected() == [4]
    shown.press("n")
    assert shown.selected() == [6]
    shown.press("n")
    assert (shown.selected(), shown.text("#status")) == ([6], "No unsure block below")
    shown.press("p")
    assert shown.selected() == [4]


def test_single_letters_can_be_switched_off(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.press("?")
    shown.tab.uncheck("#letters")
    shown.press("Escape")
    shown.tab.focus("#block-0")
    shown.press("c", "j")
    assert (shown.labels(), shown.selected()) == (FORUM_LABELS, [0])
    shown.press("ArrowDown", "Space")
    assert shown.labels()[1] == CONTENT


def test_undo_and_redo_go_through_labels_threshold_and_marks_on_all_pages(shown: Shown, forum: Page) -> None:
    shown.open(a=forum, b=classify("<p>x", kind="html"))
    shown.click(1, ".label")
    shown.tab.locator("#threshold").fill("0.96")
    shown.tab.dispatch_event("#threshold", "change")
    shown.press("Escape")
    shown.tab.focus("#block-1")
    shown.press("d")
    assert shown.page() == "b"
    shown.press("Control+z")
    assert shown.page() == "a"
    assert shown.text("#check") == "Mark checked"
    assert shown.labels()[3:6] == [CONTENT, CLUTTER, CLUTTER]
    shown.press("Control+z")
    assert shown.labels() == [CLUTTER, CONTENT, *FORUM_LABELS[2:]]
    shown.press("Control+z")
    assert shown.labels() == FORUM_LABELS
    assert shown.tab.is_disabled("#undo")
    shown.press("Control+Shift+z", "Control+y")
    assert shown.labels() == [CLUTTER, CONTENT, CLUTTER, CONTENT, *[CLUTTER] * 4]


# -- search, pages --------------------------------------------------------------------------------


def test_search_finds_goes_round_and_selects(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.press("/")
    shown.tab.keyboard.type("A  LEAK")
    assert (shown.text("#matches"), shown.selected()) == ("1 of 2", [0])
    assert shown.tab.evaluate("[...CSS.highlights.get('match')].length") == 2
    shown.press("Enter")
    assert (shown.text("#matches"), shown.selected()) == ("2 of 2", [2])
    shown.press("Enter")
    assert shown.selected() == [0]
    shown.tab.click("#select-matches")
    shown.press("c")
    assert shown.labels()[:3] == [CONTENT, CLUTTER, CONTENT]
    shown.tab.fill("#search", "a.leak (")
    assert shown.text("#matches") == "none"


def test_progress_goes_through_several_pages(shown: Shown, forum: Page, make_page: Make) -> None:
    shown.open(a=forum, b=make_page("<p>one<p>two", [0.9, 0.1]), c=make_page("<p>three", [0.8]))
    assert shown.text("#progress-text") == "0 of 3 pages checked"
    shown.press("]")
    assert shown.labels() == [CONTENT, CLUTTER]
    shown.press("d")
    assert shown.page() == "c"
    assert shown.text("#progress-text") == "1 of 3 pages checked"
    shown.tab.click("#check")
    assert shown.page() == "a"
    assert [one.strip() for one in shown.tab.locator("#page option").all_text_contents()] == [
        "1. a · 0.87",
        "✓ 2. b · 0.87",
        "✓ 3. c · 0.87",
    ]
    shown.tab.select_option("#page", "1")
    assert shown.labels() == [CONTENT, CLUTTER]
    assert shown.text("#check") == "Checked"
    shown.tab.click("#check")
    assert shown.text("#progress-text") == "1 of 3 pages checked"


# -- saving, and what survives --------------------------------------------------------------------


def test_labels_are_saved_and_read_as_gold(shown: Shown, forum: Page, make_page: Make) -> None:
    shown.open(
        a=forum, b=make_page("<p>one<p>two", [0.9, 0.1]), c=make_page("One\n\nTwo", [0.1, 0.9], "text")
    )
    shown.click(0, ".label")
    shown.click(4, ".label")
    shown.press("]", "]", "d")
    first, third = read("labels", shown.saved())
    assert shown.text("#status") == "Saved 2 pages to labels.jsonl, 1 checked"
    assert (first.id, third.id) == ("a", "c")
    assert labels_of(first) == [CONTENT, CLUTTER, CONTENT, CONTENT, CLUTTER, CONTENT, CLUTTER, CLUTTER]
    assert first.page.decode("utf-8-sig") == forum.source
    assert (first.kind, third.kind, third.gold) == ("html", "text", "Two")
    lines = (shown.folder / "labels.jsonl").read_text("utf-8").splitlines()
    blocks = json.loads(lines[0])["blocks"]
    assert [block["index"] for block in blocks] == list(range(8))
    assert [block["person"] for block in blocks] == [index in (0, 4) for index in range(8)]
    assert [json.loads(line)["checked"] for line in lines] == [False, True]


def test_without_anything_to_save_the_report_says_what_to_do(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.press("Control+s")
    assert shown.text("#status").startswith("Nothing to save yet")


def test_unsaved_work_survives_a_reload_and_leaving_warns(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.click(4, ".label")
    shown.reload()
    assert shown.leaving == ["beforeunload"]
    assert shown.labels() == [*FORUM_LABELS[:4], CLUTTER, *FORUM_LABELS[5:]]
    assert shown.text("#status") == "Your work on 1 page is restored"
    assert shown.tab.is_visible("#unsaved")
    (page,) = read("labels", shown.saved())
    assert labels_of(page)[4] == CLUTTER
    assert shown.tab.is_hidden("#unsaved")
    shown.reload()
    assert shown.leaving == ["beforeunload"]
    assert shown.labels()[4] == CLUTTER


def test_it_works_where_the_browser_keeps_nothing(shown: Shown, forum: Page) -> None:
    shown.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'no'); }});"
    )
    shown.open(forum)
    shown.click(4, ".label")
    assert shown.labels()[4] == CLUTTER
    shown.press("?")
    assert "keeps nothing" in shown.text("#kept")


@pytest.mark.parametrize("kept", ['"x"', "{", '{"set": "99999999", "checked": 1}'])
def test_what_the_browser_kept_may_be_anything(shown: Shown, forum: Page, kept: str) -> None:
    shown.open(forum)
    shown.click(4, ".label")
    assert shown.tab.evaluate("Object.keys(localStorage).length") == 1
    shown.tab.evaluate("kept => localStorage.setItem(Object.keys(localStorage)[0], kept)", kept)
    shown.reload()
    assert shown.leaving == ["beforeunload"]
    assert shown.labels() == FORUM_LABELS


def test_work_of_a_page_that_is_cut_otherwise_today_is_not_taken_up(
    shown: Shown, forum: Page, make_page: Make
) -> None:
    shown.open(forum)
    shown.click(4, ".label")
    shown.open(make_page(str(forum.source).replace("<h1>", "<br>"), [0.9] * 8))
    assert shown.labels() == [CONTENT] * 8


def test_a_page_of_5000_blocks_stays_usable(shown: Shown, make_page: Make) -> None:
    source = "".join(f"<p class=c{i}>Paragraph {i} of many" for i in range(5_000))
    shown.open(make_page(source, [0.9, 0.1] * 2_500))
    # Rows out of sight cost no layout.
    assert (
        shown.tab.evaluate("getComputedStyle(document.querySelector('.block')).contentVisibility") == "auto"
    )
    shown.press("End", "Space", "s", "x", "Control+z", "Control+z")
    assert shown.labels() == [CONTENT, CLUTTER] * 2_500
    assert shown.selected() == [4_999]


# -- hostile pages --------------------------------------------------------------------------------

HOSTILE: Final = """<title></title><script>ran = 1</script></title>
<p>&lt;/script&gt;&lt;script&gt;ran = 1&lt;/script&gt;</p>
<p>&lt;img src=x onerror="ran = 1"&gt; <img src=x onerror="ran = 1"></p>
<p><a href="javascript:ran = 1" onclick="ran = 1">a link</a> &lt;!-- &lt;![CDATA[ ]]&gt; --&gt;</p>
<p>line\u2028separator\u2029and\x85next \u202eright to left</p>
<p>nul\x00 lone\ud800 surrogate \U0001f600 \ufffe \ufeff end</p>
<p>${ran = 1} `${ran = 1}` {{ran = 1}} @data@ @script@</p>
<p>__proto__ constructor hasOwnProperty</p>
<script>ran = 1</script>"""


def test_a_hostile_page_runs_nothing_and_its_labels_come_back(shown: Shown) -> None:
    page = classify(HOSTILE, kind="html")
    name = "</script><img src=x onerror=ran=1>\u2028__proto__"
    shown.open(**{name: page})
    texts = shown.tab.eval_on_selector_all(".block .text", "all => all.map(one => one.textContent)")
    assert texts == [block.text for block in page.blocks]
    shown.tab.locator("#blocks").click()
    shown.press("Control+a", "c")
    shown.tab.fill("#search", "<img")
    assert shown.text("#matches") == "1 of 1"
    assert shown.tab.evaluate("typeof ran") == "undefined"
    assert shown.tab.evaluate("document.querySelectorAll('img, a, iframe, object, embed').length") == 0
    path = shown.saved()
    assert len(path.read_text("utf-8").splitlines()) == 1
    (gold,) = read("labels", path)
    assert gold.id == name
    assert gold.labels == tuple((block.text, True) for block in page.blocks)
    again = classify(gold.page, kind="html")
    assert [block.text for block in again.blocks] == [block.text for block in page.blocks]


def test_the_policy_refuses_what_a_page_could_try(chromium: Any, tmp_path: Path, forum: Page) -> None:
    one = Shown(chromium, tmp_path).open(forum)
    refused = one.tab.evaluate(
        """() => {
            try { document.body.innerHTML = "<p>markup"; } catch (error) { return error.name; }
        }"""
    )
    one.tab.evaluate("document.body.append(Object.assign(new Image(), {src: 'x.png'}))")
    one.tab.wait_for_function("violations.length >= 2")
    assert refused == "TypeError"
    assert set(one.tab.evaluate("violations")) >= {"require-trusted-types-for", "img-src"}
    one.context.close()


def test_after_a_click_on_a_button_the_keys_go_to_the_blocks(shown: Shown, forum: Page) -> None:
    shown.open(a=forum, b=classify("<p>x", kind="html"), c=forum)
    shown.tab.click("#check")
    assert shown.page() == "b"
    shown.press("Space")  # the other label, and not the button once more
    assert shown.text("#progress-text") == "1 of 3 pages checked"
    shown.tab.click("#next-page")
    shown.press("ArrowDown", "Space")
    assert shown.page() == "c"
    assert shown.labels()[1] != FORUM_LABELS[1]
    shown.tab.click("#set-clutter")
    shown.press("j", "x")
    assert (shown.selected(), shown.labels()[1:3]) == ([2], [CLUTTER, CLUTTER])


def test_a_button_that_is_pressed_by_a_key_keeps_the_focus(shown: Shown, forum: Page) -> None:
    shown.open(forum)
    shown.tab.focus("#set-clutter")
    shown.press("Enter")
    assert shown.tab.evaluate("document.activeElement.id") == "set-clutter"
