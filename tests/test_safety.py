"""Rendered pages run nothing: well-known vectors of cross-site scripting, by a parse and in a browser."""

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Final

import pytest

from classifier.render import render_html, render_markdown
from classifier.segment import segment_html, segment_text
from train.fuzz.oracle import markdown_to_html, unsafe_parts

# After the kinds of vector in the OWASP cheat sheet on filter evasion, and those that broke sanitisers by
# changing their meaning when parsed again (mutation XSS). Each calls `alert` where it works.
VECTORS: Final = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=data:text/javascript,alert(1)></SCRIPT>",
    "<<script>alert(1)//<</script>",
    "<script/x>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script>alert(1)",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style></script><script>alert(1)</script>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><script>alert&#40;1&#41;</script>",
    "<svg><script href=data:text/javascript,alert(1) /></svg>",
    "<math><script>alert(1)</script></math>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:x onerror='alert(1)'//",
    "<IMG SRC=/ ONERROR=alert(1)></img>",
    "<img/src=x/onerror=alert(1)>",
    "<img src=x\nonerror\n=\nalert(1)>",
    "<img src=x\x0conerror=alert(1)>",
    "<img src=x onerror=&#97;lert(1)>",
    "<img src=x onerror=&#x61&#x6c&#x65&#x72&#x74(1)>",
    "<img '' src=x onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img src=`x` onerror=alert(1)>",
    '<img alt="`<img src=x onerror=alert(1)>`">',
    "<img src=x title='\"><img src=x onerror=alert(1)>'>",
    "<img src=javascript:alert(1)>",
    "<img srcset='javascript:alert(1) 1x' src=x onerror=alert(1)>",
    "<img data-src='x\" onerror=\"alert(1)' src=y>",
    "<image src=x onerror=alert(1)>",
    "<picture><source srcset=x><img onerror=alert(1) src=x></picture>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set onbegin=alert(1) attributeName=x>",
    "<svg><a xlink:href=javascript:alert(1)><text y=20>click</text></a></svg>",
    "<svg><a><animate attributeName=href values=javascript:alert(1) /><text y=20>click</text></a></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>parent.alert(1)</script>'></iframe></foreignObject></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)/>#x'/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg></p><style><a id='</style><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>",
    "<math><annotation-xml encoding=text/html><style><img src=x onerror=alert(1)></style></annotation-xml>",
    "<math href=javascript:alert(1)>click</math>",
    "<math><a xlink:href=javascript:alert(1)>click</a></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<noscript><style></noscript><img src=x onerror=alert(1)>",
    "<noembed><img title='</noembed><img src=x onerror=alert(1)>'></noembed>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<template shadowrootmode=open><img src=x onerror=alert(1)></template>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<select><script>alert(1)</script></select>",
    "<table><td background=javascript:alert(1)>cell<img src=x onerror=alert(1)>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--!><script>alert(1)</script>",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php <img src=x onerror=alert(1)>?>",
    "<! foo='><script>alert(1)</script>'>",
    "</ foo='><script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<body onpageshow=alert(1)><p onclick=alert(1)>click",
    "<iframe src=javascript:parent.alert(1)></iframe>",
    "<iframe srcdoc='<img src=x onerror=parent.alert(1)>'></iframe>",
    "<iframe src=data:text/html,<script>parent.alert(1)</script>></iframe>",
    "<iframe onload=alert(1)></iframe>",
    "<object data=javascript:alert(1)>fallback</object>",
    "<object data=x onerror=alert(1)>fallback</object>",
    "<embed src=javascript:alert(1)>",
    "<video src=x onerror=alert(1)></video>",
    "<video><source onerror=alert(1) src=x></video>",
    "<audio src=x onerror=alert(1)></audio>",
    "<input onfocus=alert(1) autofocus>",
    "<textarea onfocus=alert(1) autofocus>text</textarea>",
    "<select onfocus=alert(1) autofocus><option>text</select>",
    "<button onfocus=alert(1) autofocus>text</button>",
    "<button formaction=javascript:alert(1) form=f>text</button><form id=f></form>",
    "<form action=javascript:alert(1)><input type=submit value=send></form>",
    "<details open ontoggle=alert(1)><summary>text</summary></details>",
    "<marquee onstart=alert(1)>text</marquee>",
    "<p onmouseover=alert(1)>text</p>",
    "<b onclick=alert(1)>text</b>",
    "<a onmouseover=alert(1)>text</a>",
    "<div onpointerenter=alert(1) tabindex=1 onfocus=alert(1)>text</div>",
    "<x onclick=alert(1)>text</x>",
    "<x-y onclick=alert(1)>text</x-y>",
    "<div style='animation:x' onanimationstart=alert(1)><style>@keyframes x{}</style>text</div>",
    "<a href=javascript:alert(1)>text</a>",
    "<a href=JaVaScRiPt:alert(1)>text</a>",
    "<a href=' javascript:alert(1)'>text</a>",
    "<a href='\x01javascript:alert(1)'>text</a>",
    "<a href='&#14; javascript:alert(1)'>text</a>",
    "<a href='jav\tascript:alert(1)'>text</a>",
    "<a href='jav&#x0A;ascript:alert(1)'>text</a>",
    "<a href='jav&#x0D;ascript:alert(1)'>text</a>",
    "<a href='java&Tab;script&NewLine;:alert(1)'>text</a>",
    "<a href=javascript&colon;alert(1)>text</a>",
    "<a href=&#106;&#97;vascript&#0000058;alert(1)>text</a>",
    "<a href=&#x6A&#x61&#x76&#x61script:alert(1)>text</a>",
    "<a href='javascript:/*--></title></style></textarea></script><svg/onload=alert(1)>*/alert(1)'>text</a>",
    "<a href='javascript://%0aalert(1)'>text</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>text</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>text</a>",
    "<a href=vbscript:alert(1)>text</a>",
    "<a href='feed:javascript:alert(1)'>text</a>",
    "<a href='view-source:javascript:alert(1)'>text</a>",
    "<a href='/x\" onmouseover=\"alert(1)'>text</a>",
    "<a href=/x title='\" onmouseover=\"alert(1)'>text</a>",
    "<a href=/x title='\"><img src=x onerror=alert(1)>'>text</a>",
    "<base href=javascript:alert(1)//><a href=x>text</a>",
    "<base href=javascript:/a/><a href=/alert(1)//#>text</a>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<meta http-equiv=refresh content='0;url=data:text/html,<script>alert(1)</script>'>",
    "<link rel=stylesheet href=javascript:alert(1)>",
    "<style>@import 'javascript:alert(1)'</style>",
    "<p style=\"background:url('javascript:alert(1)')\">text</p>",
    "<p style='position:fixed;inset:0;opacity:0'>cover</p>",
    "<pre><code class='language-x\" onmouseover=\"alert(1)'>code</code></pre>",
    "<ol start='1\" onmouseover=\"alert(1)'><li>item</ol>",
    "<table><tr><td colspan='2\" onmouseover=\"alert(1)'>cell<td>x</table>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&lt;img src=x onerror=alert(1)&gt;",
    "\\&lt;img src=x onerror=alert(1)&gt;",
    "`&lt;img src=x onerror=alert(1)&gt;",
    "\\`&lt;img src=x onerror=alert(1)&gt;`",
    "<code>`</code>&lt;img src=x onerror=alert(1)&gt;<code>`</code>",
    "<pre>\n```\n&lt;img src=x onerror=alert(1)&gt;\n~~~\n</pre>",
    "<p title=x>[text](javascript:alert(1))</p>",
    "<a href='/x)[text](javascript:alert(1)'>text</a>",
    "<a href='/x&gt;)&lt;img src=x onerror=alert(1)&gt;'>text</a>",
    "<img alt='](x)&lt;img src=x onerror=alert(1)&gt;' src=/i.png>",
    "<a href=/x title='&quot;)&lt;img src=x onerror=alert(1)&gt;'>text</a>",
    '<script type=application/ld+json>{"articleBody": "<img src=x onerror=alert(1)> a long enough text"}'
    "</script>",
    '<script type=application/ld+json>{"articleBody": "&lt;img src=x onerror=alert(1)&gt; '
    '[a](javascript:alert(1)) a long enough text of words"}</script>',
]
# Plain text that becomes markup where it is rendered without care.
TEXTS: Final = [
    "<script>alert(1)</script>",
    "a <img src=x onerror=alert(1)> b",
    "\\<img src=x onerror=alert(1)>",
    "\\\\<img src=x onerror=alert(1)>",
    "\\`<img src=x onerror=alert(1)>`",
    "\\``a` <img src=x onerror=alert(1)> `",
    "``a` <img src=x onerror=alert(1)> `",
    "<http://a`><img src=x onerror=alert(1)>`",
    "<https:\x01`> a ` <img src=x onerror=alert(1)> `",
    "| ` | <img src=x onerror=alert(1)> ` |\n| --- | --- |\n| ` | <img src=x onerror=alert(1)> ` |",
    "| <http://a | [b](javascript:alert(1))> |\n| --- | --- |\n| <http://a | [b](javascript:alert(1))> |",
    "```\n~~~\n```\n<img src=x onerror=alert(1)>\n~~~",
    "```\n```js\n```\n<img src=x onerror=alert(1)>\n```\n\n```",
    "``` `\n<img src=x onerror=alert(1)>\n``` `",
    "````\n```\n````\n<img src=x onerror=alert(1)>\n```",
    "- ```\n- <img src=x onerror=alert(1)>\n- ```",
    "> ```\n<img src=x onerror=alert(1)>\n> ```",
    "- ` a\n5. ` <img src=x onerror=alert(1)> `",
    "[text](javascript:alert(1))",
    "![text](javascript:alert(1))",
    "![text](data:text/html,alert)",
    "[text](<javascript:alert(1)>)",
    "[text](< javascript:alert(1)>)",
    "[text](<\x01javascript:alert(1)>)",
    "[text]( javascript\\:alert(1))",
    "[text](javascript&colon;alert(1))",
    "[text](javascript\\&colon;alert(1))",
    "[text](&#106;avascript:alert(1))",
    "[text](JAVASCRIPT:alert(1))",
    "[text](data:text/html,alert)",
    "[text]\n\n[text]: javascript:alert(1)",
    "[text]\n\n[text]: <vbscript:alert(1)>",
    "<javascript:alert(1)>",
    "<a href=javascript:alert(1)>text</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# <img src=x onerror=alert(1)>",
    "<!-- -->\n<?x?>\n<![CDATA[ ]]>\n<!x>",
]
IN_A_FRAME: Final = 16
CHROMIUM: Final = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


def page_of(vector: str) -> str:
    """The vector inside a page, with text before and behind it."""
    return f"<!doctype html><title>t</title><p>Text before.</p><div>{vector}</div><p>Text behind.</p>"


def rendered(page: str) -> list[str]:
    """A page as HTML, and as the HTML of its Markdown with and without links."""
    segments = segment_html(page)
    keep = [True] * len(segments)
    markdown = [render_markdown(segments, keep, page, links=links) for links in (True, False)]
    return [render_html(segments, keep, page), *map(markdown_to_html, markdown)]


def rendered_text(text: str) -> list[str]:
    """A plain text as HTML, and as the HTML of its Markdown."""
    segments = segment_text(text)
    keep = [True] * len(segments)
    return [render_html(segments, keep, text), markdown_to_html(render_markdown(segments, keep, text))]


# -- by a parse -----------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS)
def test_a_rendered_vector_holds_nothing_that_could_run(vector: str) -> None:
    assert [unsafe_parts(html) for html in rendered(page_of(vector))] == [[], [], []]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_in_a_noscript_holds_nothing_that_could_run(vector: str) -> None:
    page = page_of(f"<noscript>{vector}</noscript>")
    assert [unsafe_parts(html) for html in rendered(page)] == [[], [], []]


@pytest.mark.parametrize("text", TEXTS)
def test_a_plain_text_that_is_rendered_holds_nothing_that_could_run(text: str) -> None:
    assert [unsafe_parts(html) for html in rendered_text(text)] == [[], []]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_that_is_shown_as_plain_text_holds_nothing_that_could_run(vector: str) -> None:
    assert [unsafe_parts(html) for html in rendered_text(page_of(vector))] == [[], []]


def test_the_judge_of_what_could_run_sees_the_vectors_themselves() -> None:
    bare = [vector for vector in VECTORS if not unsafe_parts(vector)]
    # What is left is harmless as HTML and meant for Markdown, or for a second parse.
    assert len(bare) < 0.25 * len(VECTORS)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("[a](https://e.example/x:y)", "[a](https://e.example/x:y)"),
        (
            '[a](/x "t") ![b](i.png) [c](mailto:d@e.example)',
            '[a](/x "t") ![b](i.png) [c](mailto:d@e.example)',
        ),
        ("[1]: https://e.example/", "[1]: https://e.example/"),
        ("`[a](javascript:b)` and ``c ` <d>``", "`[a](javascript:b)` and ``c ` <d>``"),
        ("<https://e.example/`> `<b>`", "<https://e.example/`> `<b>`"),
        ("```html\n<b>\n```", "```html\n<b>\n```"),
        ("~~~\n```\n<b>\n~~~", "~~~\n```\n<b>\n~~~"),
        ("[a](javascript:b)", "[a\\](javascript:b)"),
        ("| `<b>` |", "| `\\<b>` |"),
    ],
)
def test_only_what_could_run_is_escaped_in_the_markdown_of_a_text(text: str, markdown: str) -> None:
    segments = segment_text(text)
    assert render_markdown(segments, [True] * len(segments), text) == markdown


def test_vectors_that_others_published_hold_nothing_that_could_run_once_rendered() -> None:
    published = pytest.importorskip("brs_kb").get_all_payloads().values()
    # The others break out of a script, a query or a style sheet, of which a rendered page has none.
    vectors = sorted(filter(unsafe_parts, {str(one["payload"]) for one in published}))
    assert len(vectors) > 2_000
    some = vectors[::3]  # for time
    assert [(one, parts) for one in some if (parts := _unsafe_once_rendered(page_of(one)))] == []


def _unsafe_once_rendered(page: str) -> list[str]:
    segments = segment_html(page)
    keep = [True] * len(segments)
    markdown = markdown_to_html(render_markdown(segments, keep, page))
    return unsafe_parts(render_html(segments, keep, page)) + unsafe_parts(markdown)


# -- in a browser ---------------------------------------------------------------------------------

# Each frame tells what called `alert`; then its elements get the events of a reader who tries everything.
_FRAME: Final = """<script>
alert = confirm = prompt = print = () => parent.ran.add({number});
addEventListener("click", event => event.preventDefault());
</script>{body}<script>
for (const one of document.querySelectorAll("body, body *")) {{
  for (const name of ["mouseover", "pointerenter", "focus", "focusin", "click", "load", "error", "toggle"])
    one.dispatchEvent(new Event(name, {{bubbles: false}}));
  const url = one.href && (one.href.baseVal || one.href) || one.src || "";
  if (/^(javascript|data|vbscript|blob):/i.test(url)) parent.ran.add({number});
}}
</script>"""
_HARNESS: Final = """<!doctype html><meta charset=utf-8><pre id=ran>unfinished</pre><script>
ran = new Set();
addEventListener("load", () => setTimeout(() => {{
  document.getElementById("ran").textContent = JSON.stringify([...ran]);
}}, 500));
</script>{frames}"""


def ran_in_browser(bodies: list[str], folder: Path) -> set[int]:
    """Numbers of the bodies that ran something, or could on a click, in headless Chromium."""
    frames = "".join(
        f'<iframe srcdoc="{escape(_FRAME.format(number=number, body=body))}"></iframe>'
        for number, body in enumerate(bodies)
    )
    page = folder / "page.html"
    page.write_text(_HARNESS.format(frames=frames), encoding="utf-8")
    assert CHROMIUM
    switches = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    switches += "--disable-background-networking --disable-component-update --virtual-time-budget=20000"
    command = [
        CHROMIUM,
        *switches.split(),
        f"--user-data-dir={folder / 'profile'}",
        "--dump-dom",
        page.as_uri(),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r'<pre id="ran">(.*?)</pre>', shown, re.DOTALL)
    assert found and found[1] != "unfinished", "the browser did not come to the page's end"
    return set(json.loads(unescape(found[1])))


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_nothing_runs_in_a_browser_that_shows_the_vectors_rendered(tmp_path: Path) -> None:
    shown = [html for vector in VECTORS for html in rendered(page_of(vector))]
    shown += [html for text in TEXTS for html in rendered_text(text)]
    # A frame costs far more than what it holds. The last one runs: a browser that runs nothing is seen.
    frames = ["\n".join(shown[at : at + IN_A_FRAME]) for at in range(0, len(shown), IN_A_FRAME)]
    assert ran_in_browser([*frames, "<img src=x onerror=alert(1)>"], tmp_path) == {len(frames)}


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")
def test_vectors_do_run_in_a_browser_that_shows_them_as_they_are(tmp_path: Path) -> None:
    bare = [vector for vector in VECTORS if vector.startswith(("<img", "<a href=j", "<a href=J", "<p on"))]
    assert len(ran_in_browser(bare, tmp_path)) > 0.6 * len(bare) > 10
