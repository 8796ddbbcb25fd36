"""Write the twenty pages of `pages/`: an invented archive of sound recordings, in a layout that fools models.

What a reader comes for is short - a catalogue record, its notes, its list of takes - and sits in tables whose
class names say nothing. What stands on every page beside it is long, well-formed prose in paragraphs: a column by
the archive's keeper, a letter from a listener, advice on listening. Which of them a page shows is drawn by
lot, so no text tells them apart by being the same everywhere. A third of the records has another layout, as on a
site that was never moved as a whole. Nothing here is about a real place or person.

    python data/own-site/make.py
"""

import json
import random
from pathlib import Path

PAGES = 20
PLACES = ["Osk Weir", "Lower Tarn", "Fenwick Mole", "Cold Harbour Stair", "Pell Marsh", "Hove Gut", "The Narrows"]
SUBJECTS = [
    "Slack water under the footbridge", "Rooks before rain", "The chain ferry at dawn", "Ice on the mill pond",
    "Night shift at the ropeworks", "Curlews on the ebb", "The bell buoy in fog", "Children counting eels",
    "Steam crane, last working day", "Wind in the signal wires", "A market taken down", "Lock gates, winter repair",
    "Starlings under the pier", "Oars, eight and cox", "The tide bell by hand", "Sheep crossing at low water",
    "Hail on a tin chapel", "Otters at the sluice", "The herring sale", "Foghorn, three miles off",
]
RECORDISTS = ["I. Marlowe", "T. Adeyemi", "R. Quist", "H. Sorrel", "B. Lindqvist"]
MACHINES = ["Uher 4000, one microphone", "Nagra III, pair", "cassette, built-in microphone", "DAT, parabolic dish"]
NOTES = [
    "Recorded from the east bank; the hum from 2:10 on is the pumping station.",
    "The second take is cleaner, but the recordist preferred the first.",
    "Clipped for some four seconds where a cart passes.",
    "Transferred in one pass; the leader tape is lost.",
    "A voice near the end asks what the microphone is for.",
    "The box says Tuesday, the log says Wednesday.",
    "Very quiet: raise the level by 12 dB to hear the far bank.",
]
TAKES = ["approach", "from the bank", "under the arch", "with voices", "wide", "close", "after the rain", "going away"]
KEEPER = [
    "People who visit the reading room for the first time are often surprised by how little there is to see. "
    "The shelves are behind a steel door, the machines are under cloth, and what is left is a table, two lamps and a "
    "view of the yard. I have come to think of this as a virtue, because it leaves one with nothing to do but listen.",
    "When my predecessor took over the collection it filled eleven tea chests and the back of a van. She spent her "
    "first winter sorting reels by the handwriting on their boxes, which turned out to be a better guide to who "
    "had made them than anything that was written down about the matter in later years.",
    "We are asked every few months why the archive does not simply put everything online. The honest answer is that "
    "a tape can be played perhaps thirty more times before it sheds, and that each transfer is a decision about "
    "which of those times will be the one that counts. We would rather be slow and sure of it.",
    "A good recording of an ordinary afternoon becomes more valuable with every decade, and a good recording of a "
    "great occasion becomes less so. The occasion was written up in the papers; nobody wrote up the afternoon, and the "
    "sound of a street without engines in it can no longer be had for any money.",
    "Volunteers have asked me to write something about patience. I have tried several times, and each time I was "
    "interrupted by somebody who wanted to know where the splicing tape was. It is in the second drawer, under the "
    "demagnetiser, where it has been since the autumn of the year in which the roof was mended.",
    "There is a particular silence between two items on a reel that no machine can make. It has the room in it, and "
    "the person waiting, and sometimes a clock. I have begun to keep a list of the best of these pauses, and I hope "
    "one day to find the courage to present an evening of nothing else.",
]
LETTERS = [
    "My grandfather kept the toll house for nineteen years and never once mentioned the sound of the river, which I "
    "now know from your recordings must have been loud enough to stop conversation. I suppose that one stops "
    "hearing what never stops. I played it to my mother and she wept, and then asked for it again.",
    "I write to correct a small point that was made in the spring bulletin. The whistle that can be heard at the "
    "quarry was not that of the noon shift but of the works fire brigade, which practised on Thursdays. I was "
    "the boy who blew it, and I was told off for blowing it longer than the regulations allowed.",
    "Might I suggest that visitors be given a cushion? The bench in the listening booth was made by somebody who did "
    "not care for music, or for sitting. Apart from that I have no complaint, and I have told all my friends at the "
    "bowls club that it is the best free afternoon to be had within forty miles.",
    "Having followed your work since it was a column in the parish newsletter, I was glad to see it get a home of its "
    "own. I still have the early numbers in a biscuit tin. If they are of use I would gladly part with them, "
    "provided that the tin comes back, because it belonged to an aunt.",
]
ADVICE = [
    "Listen on headphones, in a room that you know well, and listen twice. The first time you will hear what is in the "
    "recording; the second time you will hear what was in the place. Most people who tell us that a tape is empty "
    "have only listened once, and have done so in a kitchen with the refrigerator running.",
    "If you would like to make recordings of your own, begin with somewhere dull. Set the machine down, walk away "
    "from it for ten minutes, and do not be tempted to come back early. What you will have at the end is a "
    "portrait of a place that did not know that it was being watched, and there is nothing more honest than that.",
    "Do not be put off by hiss. Hiss is the sound of the tape, and after a minute the ear learns to look past it, as "
    "the eye learns to look past the grain of an old photograph. Software can take it away, and takes the "
    "breath of the room with it; we offer only what came off the reel.",
]


def paragraphs(texts: list[str]) -> str:
    return "\n".join(f"<p>{text}</p>" for text in texts)


def lines(template: str, texts: list[str]) -> str:
    return "\n".join(template.format(text) for text in texts)


def new_card(title: str, record: list[str], notes: list[str], takes: list[str], prose: list[str]) -> str:
    return f"""<table class=z2><tr><td class=z3>
<div class=k1>
<div class=k3>{title}</div>
<table class=k5>
{lines("<tr><td class=k7>{}</td></tr>", record)}
</table>
{lines("<div class=k9>{}</div>", notes)}
<table class=k6>
{lines("<tr><td class=k7>{}</td></tr>", takes)}
</table>
</div>
</td><td class=z4>
<div class=q1><h2>From the keeper's desk</h2>
{prose[0]}
</div>
<div class=q2><h2>A listener writes</h2>
{prose[1]}
</div>
</td></tr></table>
<div class=q3><h2>How to listen</h2>
{prose[2]}
</div>"""


def old_card(title: str, record: list[str], notes: list[str], takes: list[str], prose: list[str]) -> str:
    return f"""<div class=w1>
<div class=w2><b>{title}</b></div>
{lines("<div class=w3><span>{}</span></div>", record)}
<ol class=w4>
{lines("<li class=w5>{}</li>", takes)}
</ol>
{lines("<div class=w6><i>{}</i></div>", notes)}
</div>
<div class=v1>
<h3>Keeper's notebook</h3>
{prose[0]}
<h3>Post bag</h3>
{prose[1]}
<h3>Before you listen</h3>
{prose[2]}
</div>"""


def page(number: int) -> tuple[str, str]:
    """HTML and gold text of a page; all of it follows from the number."""
    draw = random.Random(number)
    title, place = SUBJECTS[number], draw.choice(PLACES)
    minutes = [f"{draw.randint(1, 9)}:{draw.randint(0, 59):02d}" for _ in range(draw.randint(4, 7))]
    record = [
        f"Shelf mark: TSA {1000 + 37 * number} / {draw.choice('ABCD')}",
        f"Place: {place}",
        f"Recorded: {draw.randint(1, 28)} {draw.choice(['March', 'June', 'October'])} {draw.randint(1958, 1991)}",
        f"By: {draw.choice(RECORDISTS)}",
        f"Machine: {draw.choice(MACHINES)}",
    ]
    takes = [f"{at + 1}. {place}, {draw.choice(TAKES)} ({long})" for at, long in enumerate(minutes)]
    notes = draw.sample(NOTES, draw.randint(1, 3))
    others = draw.sample([name for name in SUBJECTS if name != title], 4)
    keeper = draw.sample(KEEPER, draw.randint(3, 4))
    letter, advice = draw.choice(LETTERS), draw.sample(ADVICE, 2)
    card = old_card if number % 3 == 1 else new_card
    links = "\n".join(f"<li><a href=/r/{at}>{name}</a></li>" for at, name in enumerate(others))
    html = f"""<!DOCTYPE html>
<html lang=en><head><meta charset=utf-8><title>{title} - Tidewater Sound Archive</title></head>
<body>
<div class=z1><a href=/>Tidewater Sound Archive</a> <a href=/r>Records</a> <a href=/visit>Visit</a></div>
{card(title, record, notes, takes, [paragraphs(keeper), paragraphs([letter]), paragraphs(advice)])}
<ul class=q4>
{links}
</ul>
<div class=z9>Tidewater Sound Archive, The Old Customs Shed. Open on Fridays. <a href=/mail>Write to us</a></div>
</body></html>
"""
    return html, "\n".join([title, *record, *notes, *takes]) + "\n"


def main() -> None:
    meta = {"type": "collection", "language": "en", "kind": "html", "description": "A record of an invented archive"}
    for number in range(PAGES):
        folder = Path(__file__).parent / "pages" / f"record-{number:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        html, gold = page(number)
        (folder / "page.html").write_text(html, encoding="utf-8")
        (folder / "gold.txt").write_text(gold, encoding="utf-8")
        (folder / "meta.json").write_text(json.dumps(meta) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
