// Shows pages as blocks and lets a person correct their labels. What comes from a page is only ever set as
// text or as a property; the policy of this file has the browser refuse to make markup of anything.

const UNSET = 0, CONTENT = 1, CLUTTER = 2;
const NAMES = ["", "content", "clutter"];
// Probabilities between which the model is unsure.
const UNSURE = [0.2, 0.8];
// An effect on a probability below this is told as part of the rest.
const NOTICEABLE = 0.005;
// Of a longer block the list and the search have the beginning; saved is all of it.
const SHOWN_CHARS = 20_000;
const ROWS_A_SCREEN = 10;
const MAX_UNDO = 1_000;
const SAVED_AS = "labels.jsonl";
const LABELS_FORMAT = "declutter-labels", LABELS_VERSION = 1;
const STORE = "declutter:labels:", SETTINGS = "declutter:settings";
// Line ends to some readers of JSON Lines, though not to JSON, which lets them stand.
const LINE_ENDS = /[\u0085\u2028\u2029]/g;
const THEMES = ["auto", "light", "dark"];
const NARROW = matchMedia("(max-width: 860px), (max-height: 520px)");

const byId = id => document.getElementById(id);
const grouped = new Intl.NumberFormat("en");
const count = (n, one) => `${grouped.format(n)} ${one}${n === 1 ? "" : "s"}`;
const percent = p => `${Math.round(100 * p)}\u202f%`;

/** An element with properties or attributes, and children; strings become text. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// -- what the file carries ------------------------------------------------------------------------

/** The JSON that is embedded compressed and in base64. */
async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), char => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** A page, and what a person has said of it. */
class Sheet {
  constructor(page) {
    Object.assign(this, page);
    this.n = page.texts.length;
    this.shown = page.texts.map(text => text.slice(0, SHOWN_CHARS));
    this.allWords = page.words.reduce((sum, words) => sum + words, 0);
    this.set = new Uint8Array(this.n); // what a person said of each block
    this.threshold = null; // null: the blocks that the model chose
    this.checked = false;
    this.unsaved = false;
    this.cursor = 0;
  }

  /** The label of a block, whatever a person said of it. */
  automatic(i) {
    const kept = this.threshold === null ? this.keep[i] : this.probabilities[i] >= this.threshold;
    return kept ? CONTENT : CLUTTER;
  }

  label(i) { return this.set[i] || this.automatic(i); }

  isUnsure(i) {
    return !this.set[i] && this.probabilities[i] > UNSURE[0] && this.probabilities[i] < UNSURE[1];
  }

  /** Whether there is something to save of it. */
  get isTouched() { return this.checked || this.set.some(Boolean); }

  /** The threshold between the blocks that the model chose and the others. */
  get implied() {
    let least = 1, most = 0;
    for (let i = 0; i < this.n; i++) {
      if (this.keep[i]) least = Math.min(least, this.probabilities[i]);
      else most = Math.max(most, this.probabilities[i]);
    }
    return (least + most) / 2;
  }

  get state() { return { set: this.set.slice(), threshold: this.threshold, checked: this.checked }; }

  set state(state) {
    const was = this.isTouched;
    this.set.set(state.set);
    this.threshold = state.threshold;
    this.checked = state.checked;
    this.unsaved ||= was || this.isTouched;
    this.store();
  }

  store() {
    const { threshold, checked, unsaved } = this;
    const idle = !this.isTouched && threshold === null && !unsaved;
    remember(STORE + this.key, idle ? null : { set: this.set.join(""), threshold, checked, unsaved });
  }

  /** Take up the work of an earlier session; whether there was any. */
  restore() {
    const kept = recall(STORE + this.key);
    if (typeof kept?.set !== "string" || kept.set.length !== this.n || /[^012]/.test(kept.set)) return false;
    this.set.set(Array.from(kept.set, Number));
    this.threshold = typeof kept.threshold === "number" ? kept.threshold : null;
    this.checked = kept.checked === true;
    this.unsaved = kept.unsaved === true;
    return this.isTouched;
  }
}

// -- what the browser keeps: nothing, where its settings or its space do not allow it -------------

let isKept = true;

function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    isKept = false;
  }
}

function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    isKept = false;
    return null;
  }
}

// -- state ----------------------------------------------------------------------------------------

let columns, sheets, sharedFolder, sheet; // the features' names and meanings by kind, all pages, the one that is shown
let rows = []; // an element a block
let painted = []; // what each row shows
let visible = []; // the blocks that the filter lets through
let selected = new Set();
let anchor = 0;
let past = [], future = [];
let sliding = null; // the state before the slider moved
let matches = [];
let featureQuery = "", isTableOpen = false;
const settings = { theme: "auto", letters: true };

/** Change the page that is shown, so that it can be undone; `what` tells it. */
function change(what, alter) {
  const next = sheet.state;
  alter(next);
  record(what, sheet.state, next);
}

function record(what, before, after) {
  if (before.threshold === after.threshold && before.checked === after.checked
    && before.set.every((value, i) => value === after.set[i])) return;
  past.push({ what, sheet, before, after, cursor: sheet.cursor });
  if (past.length > MAX_UNDO) past.shift();
  future = [];
  sheet.state = after;
  refresh();
  say(what);
}

function travel(from, to, side, word) {
  const step = from.pop();
  if (!step) return say(`Nothing to ${word.toLowerCase()}`);
  to.push(step);
  const inList = isInList(document.activeElement);
  if (step.sheet !== sheet) show(step.sheet);
  sheet.state = step[side];
  refresh();
  filter();
  select(step.cursor, { focus: inList });
  say(`${word}: ${step.what}`);
}

const undo = () => travel(past, future, "before", "Undone");
const redo = () => travel(future, past, "after", "Redone");

// -- labels ---------------------------------------------------------------------------------------

function setLabel(value) {
  const blocks = [...selected];
  const what = blocks.length === 1 ? `block ${blocks[0] + 1}` : count(blocks.length, "block");
  change(`${what}: ${NAMES[value] || "the model’s label"}`, next => {
    for (const i of blocks) next.set[i] = value;
  });
}

const flip = () => setLabel(sheet.label(sheet.cursor) === CONTENT ? CLUTTER : CONTENT);

const samePath = i => sheet.groups[i] < 0 ? [] : visible.filter(j => sheet.groups[j] === sheet.groups[i]);

function selectSamePath() {
  const blocks = samePath(sheet.cursor);
  if (!blocks.length) return say("This block has no path");
  selectMany(blocks, sheet.cursor);
  say(`${count(blocks.length, "block")} of the same path selected`);
}

function check() {
  if (!sheet.n) return;
  const inList = isInList(document.activeElement);
  if (sheet.checked) return change("page no longer checked", next => { next.checked = false; });
  change("page checked", next => { next.checked = true; });
  const at = sheets.indexOf(sheet);
  const next = [...sheets.slice(at + 1), ...sheets.slice(0, at)].find(one => one.n && !one.checked);
  if (next) turnTo(next, inList);
  else if (sheets.length > 1) say("All pages are checked: save the labels");
}

// -- the list -------------------------------------------------------------------------------------

function makeRow(i) {
  const { shown, texts, tags, probabilities } = sheet;
  const more = texts[i].length - shown[i].length;
  // The spaces part the words of the name that screen readers make of it.
  const row = element("div", { className: "block", id: `block-${i}`, role: "option", tabIndex: -1 },
    element("span", { className: "label" }), " ",
    element("span", { className: "chance" },
      element("span", { className: "meter", ariaHidden: "true" }), percent(probabilities[i])), " ",
    element("span", { className: "tag" }, tags[i]), " ",
    element("span", { className: "text", dir: "auto" }, shown[i]), " ",
    element("span", { className: "by" }));
  if (more > 0) row.append(" ", element("span", { className: "rest" }, `… and ${count(more, "character")} more`));
  row.dataset.tag = tags[i];
  row.dataset.block = i;
  row.ariaSelected = "false";
  row.style.setProperty("--p", probabilities[i]);
  return row;
}

function paint(i) {
  const label = sheet.label(i), code = 4 * label + sheet.set[i];
  if (painted[i] === code) return;
  painted[i] = code;
  const row = rows[i], [chip, by] = [row.firstChild, row.children[4]];
  row.dataset.label = NAMES[label];
  chip.textContent = NAMES[label];
  by.textContent = sheet.set[i] ? "by you" : "";
}

function show(next, focus = false) {
  sheet = next;
  rows = sheet.texts.map((_, i) => makeRow(i));
  painted = [];
  byId("blocks").replaceChildren(...rows);
  byId("filter").value = "all";
  refresh();
  filter();
  select(sheet.cursor, { focus });
  const { title, name } = sheet;
  byId("title").textContent = title || name;
  byId("facts").textContent = facts().join(" · ");
  byId("page").value = sheets.indexOf(sheet);
  document.title = `${name} – declutter inspect`;
}

function turnTo(next, focus) {
  show(next, focus);
  say(`Page ${sheets.indexOf(next) + 1} of ${sheets.length}: ${shortName(next)}`);
}

function facts() {
  const { name, title, kind, type, truncated, n } = sheet;
  const found = [kind === "html" ? "HTML" : "plain text"];
  if (title) found.unshift(name); // else it stands for the title
  if (type) found.push(`${type} ${percent(sheet.type_probability)}`);
  found.push(`confidence ${sheet.confidence.toFixed(2)}`, count(n, "block"));
  if (truncated) found.push(`read in part: ${truncated}`);
  return found;
}

/** Bring all that depends on labels up to date. */
function refresh() {
  let words = 0, blocks = 0;
  for (let i = 0; i < sheet.n; i++) {
    paint(i);
    if (sheet.label(i) === CONTENT) { words += sheet.words[i]; blocks++; }
  }
  const share = percent(words / Math.max(1, sheet.allWords));
  const kept = `${grouped.format(words)} of ${count(sheet.allWords, "word")}`;
  byId("counts").textContent = `Content: ${kept} (${share}), ${grouped.format(blocks)} of ${count(sheet.n, "block")}`;
  const slider = byId("threshold"), at = sheet.threshold ?? sheet.implied;
  slider.value = at;
  slider.ariaValueText = `${at.toFixed(2)}${sheet.threshold === null ? ", the model’s choice" : ""}; ${kept} are content`;
  byId("threshold-value").textContent = sheet.threshold === null ? `≈\u202f${at.toFixed(2)}` : at.toFixed(2);
  byId("model-choice").disabled = sheet.threshold === null;
  byId("undo").disabled = !past.length;
  byId("redo").disabled = !future.length;
  byId("check").ariaPressed = String(sheet.checked);
  byId("check").textContent = sheet.checked ? "Checked" : "Mark checked";
  byId("check").disabled = !sheet.n;
  byId("unsaved").hidden = !sheets.some(one => one.unsaved);
  progress();
  details();
  strip();
}

function progress() {
  const full = sheets.filter(one => one.n), done = full.filter(one => one.checked).length;
  byId("meter").max = Math.max(1, full.length);
  byId("meter").value = done;
  byId("progress-text").textContent = `${done} of ${count(full.length, "page")} checked`;
  const option = byId("page").options[sheets.indexOf(sheet)];
  option.textContent = optionText(sheet);
}

function optionText(one) {
  const state = one.checked ? "✓ " : one.isTouched ? "✎ " : "";
  return `${state}${sheets.indexOf(one) + 1}. ${shortName(one)} · ${one.confidence.toFixed(2)}`;
}

const shortName = one => one.name.slice(sharedFolder.length);

/** The folders that all names begin with; they would hide what tells the pages apart. */
function commonFolder(names) {
  let shared = names[0];
  for (const name of names) while (!name.startsWith(shared)) shared = shared.slice(0, -1);
  return shared.slice(0, shared.lastIndexOf("/") + 1);
}

// -- filter, selection, search --------------------------------------------------------------------

const FILTERS = {
  all: () => true,
  content: i => sheet.label(i) === CONTENT,
  clutter: i => sheet.label(i) === CLUTTER,
  unsure: i => sheet.isUnsure(i),
  yours: i => sheet.set[i] !== UNSET,
};

function filter() {
  const lets = FILTERS[byId("filter").value];
  visible = [];
  for (let i = 0; i < sheet.n; i++) {
    const hidden = !lets(i);
    if (rows[i].hidden !== hidden) rows[i].hidden = hidden;
    if (!hidden) visible.push(i);
  }
  byId("nothing").textContent = sheet.n ? "No block of this page is so." : "This page has no text.";
  byId("nothing").hidden = visible.length > 0;
  byId("blocks").hidden = !visible.length;
  byId("pane").hidden = !sheet.n;
  search({ move: false });
  // What is out of sight is not labelled by mistake.
  if ([...selected].some(i => rows[i]?.hidden)) select(sheet.cursor, { focus: false });
}

/** The visible block at a position or the nearest one after, else the last. */
const nearest = i => visible.find(j => j >= i) ?? visible.at(-1) ?? -1;

function selectMany(blocks, cursor, { focus = true } = {}) {
  const chosen = new Set(blocks);
  for (const i of selected) if (!chosen.has(i) && rows[i]) rows[i].ariaSelected = "false";
  for (const i of chosen) rows[i].ariaSelected = "true";
  selected = chosen;
  const old = byId("blocks").querySelector('[tabindex="0"]');
  if (old) old.tabIndex = -1;
  sheet.cursor = cursor;
  rows[cursor].tabIndex = 0;
  if (focus) rows[cursor].focus({ preventScroll: true });
  rows[cursor].scrollIntoView({ block: "nearest" });
  details();
  strip();
}

function select(i, { extend = false, toggle = false, focus = true } = {}) {
  const at = nearest(i);
  if (at < 0) {
    for (const one of selected) if (rows[one]) rows[one].ariaSelected = "false";
    selected = new Set();
    return;
  }
  if (extend) {
    const [first, last] = [Math.min(anchor, at), Math.max(anchor, at)];
    return selectMany(visible.filter(j => j >= first && j <= last), at, { focus });
  }
  anchor = at;
  const chosen = toggle ? new Set(selected) : new Set([at]);
  if (toggle && chosen.size > 1 && chosen.has(at)) chosen.delete(at);
  else chosen.add(at);
  selectMany(chosen, at, { focus });
}

function step(by, extend) {
  const at = visible.indexOf(sheet.cursor);
  select(visible[Math.max(0, Math.min(visible.length - 1, at + by))] ?? 0, { extend });
}

function nextUnsure(by) {
  const unsure = visible.filter(i => sheet.isUnsure(i) && (by > 0 ? i > sheet.cursor : i < sheet.cursor));
  const at = by > 0 ? unsure[0] : unsure.at(-1);
  if (at === undefined) say(`No unsure block ${by > 0 ? "below" : "above"}`);
  else select(at);
}

const isInList = target => target === document.body || byId("blocks").contains(target);

/** Find what is searched for; with `move`, go to the first match from the cursor on. */
function search({ move = true } = {}) {
  const words = byId("search").value.trim().split(/\s+/).filter(Boolean);
  const pattern = words.map(word => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("\\s+");
  const ranges = [];
  matches = [];
  if (pattern) {
    const found = new RegExp(pattern, "giu");
    for (const i of visible) {
      const hits = [...sheet.shown[i].matchAll(found)];
      if (!hits.length) continue;
      matches.push(i);
      const node = rows[i].children[3].firstChild;
      for (const hit of hits) {
        const range = new StaticRange({
          startContainer: node, startOffset: hit.index, endContainer: node, endOffset: hit.index + hit[0].length,
        });
        ranges.push(range);
      }
    }
  }
  if (globalThis.CSS?.highlights) {
    if (ranges.length) CSS.highlights.set("match", new Highlight(...ranges));
    else CSS.highlights.delete("match");
  }
  byId("select-matches").hidden = !matches.length;
  if (move && matches.length) select(matches.find(i => i >= sheet.cursor) ?? matches[0], { focus: false });
  tellMatches(Boolean(pattern));
}

function tellMatches(isSearching = true) {
  const at = matches.indexOf(sheet.cursor) + 1;
  const found = matches.length ? `${at ? `${at} of ` : ""}${grouped.format(matches.length)}` : "none";
  byId("matches").textContent = isSearching ? found : "";
}

function nextMatch(by) {
  if (!matches.length) return;
  const after = matches.filter(i => by > 0 ? i > sheet.cursor : i < sheet.cursor);
  select((by > 0 ? after[0] ?? matches[0] : after.at(-1) ?? matches.at(-1)), { focus: false });
  tellMatches();
}

// -- the strip: the page at a glance --------------------------------------------------------------

function layOut() {
  // A block without words is seen as well.
  let sum = 0;
  const ends = sheet.words.map(words => sum += words + 3);
  return ends.map(end => end / sum);
}

let drawing = 0;

/** Draw it anew before the browser next shows anything, once for all that has changed. */
function strip() {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(draw);
}

function draw() {
  const canvas = byId("strip"), { clientWidth: width, clientHeight: height } = canvas;
  canvas.hidden = !sheet.n;
  if (!width || !sheet.n) return;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const colour = name => getComputedStyle(document.querySelector(`.key.${name}`)).backgroundColor;
  const colours = ["", colour("content"), colour("clutter")];
  const mark = getComputedStyle(byId("save")).backgroundColor;
  const ends = sheet.ends ??= layOut();
  for (let i = 0; i < sheet.n; i++) {
    const left = i ? ends[i - 1] * width : 0, wide = ends[i] * width - left, label = sheet.label(i);
    // Height tells the labels apart as well as colour.
    const tall = label === CONTENT ? height - 4 : (height - 4) / 3;
    pen.fillStyle = colours[label];
    pen.fillRect(left, height - tall, Math.max(0.5, wide - (wide > 3 ? 1 : 0)), tall);
    if (sheet.set[i] || selected.has(i)) {
      pen.fillStyle = mark;
      pen.fillRect(left, 0, Math.max(selected.has(i) ? 3 : 2, wide - 1), selected.has(i) ? 3 : 1.5);
    }
  }
}

// -- the details of a block -----------------------------------------------------------------------

function details() {
  if (!sheet.n) return;
  const i = sheet.cursor, alike = samePath(i).length;
  byId("place").textContent = selected.size > 1
    ? `${count(selected.size, "block")} selected, at ${grouped.format(i + 1)}` : `Block ${i + 1} of ${grouped.format(sheet.n)}`;
  const only = selected.size === 1;
  byId("set-content").ariaPressed = String(only && sheet.label(i) === CONTENT);
  byId("set-clutter").ariaPressed = String(only && sheet.label(i) === CLUTTER);
  byId("clear").disabled = ![...selected].some(j => sheet.set[j]);
  byId("same-path").disabled = alike < 2;
  byId("same-path").textContent = alike > 1 ? `Same path · ${grouped.format(alike)}` : "Same path";
  byId("details").hidden = byId("more").ariaExpanded !== "true";
  if (byId("details").hidden) return;
  byId("details").replaceChildren(...blockFacts(i), ...why(i), ...place(i), ...featureTable(i));
}

function blockFacts(i) {
  const automatic = `${NAMES[sheet.automatic(i)]} by ${sheet.threshold === null ? "the model" : "the threshold"}`;
  const pairs = [
    ["Label", sheet.set[i] ? `${NAMES[sheet.set[i]]}, set by you (${automatic})` : automatic],
    ["Probability", sheet.probabilities[i].toFixed(3)],
    ["Words", grouped.format(sheet.words[i])],
  ];
  if (sheet.kind === "html") {
    pairs.push(["Link density", percent(sheet.links[i])]);
    if (sheet.hidden[i]) pairs.push(["Hidden", "by its attributes"]);
    if (sheet.sources[i] !== "visible") pairs.push(["Found in", sheet.sources[i].replace("_", "-")]);
  } else {
    const [first, last] = sheet.lines[i];
    pairs.push(["Lines", first === last ? `${first}` : `${first} to ${last}`]);
  }
  return [factsOf(pairs)];
}

const factsOf = pairs => element("dl", {}, ...pairs.map(([name, value]) => (
  element("div", {}, element("dt", {}, name), element("dd", {}, value)))));

/** A path that breaks between its steps. */
const cssPath = path => element("code", {}, ...path.split(" > ").flatMap((step, i) => (
  [i ? " > " : "", element("span", { className: "step" }, step)])));

const place = i => sheet.kind === "html" ? [factsOf([["Path", cssPath(sheet.paths[i] ?? "none")]])] : [];

function why(i) {
  if (!sheet.explanations) return [];
  const { families, baselines, influences, unknown } = sheet.explanations;
  const section = element("section", { className: "why" }, element("h3", {}, "Why"));
  if (unknown) {
    section.append(element("p", {}, unknown));
    return [section];
  }
  const told = influences[i];
  const rest = sheet.probabilities[i] - baselines[i] - told.reduce((sum, [, effect]) => sum + effect, 0);
  const items = told.map(([family, effect, evidence]) => influence(families[family], effect, evidence));
  if (Math.abs(rest) >= NOTICEABLE) items.push(influence("all else", rest, []));
  section.append(
    element("p", {}, `A typical block has ${baselines[i].toFixed(2)}. What makes ${sheet.probabilities[i].toFixed(2)} of it:`),
    element("ul", { role: "list" }, ...items));
  return [section];
}

function influence(title, effect, evidence) {
  const way = effect > 0 ? "up" : "down";
  const push = element("span", { className: `push ${way}`, ariaHidden: "true" });
  push.style.setProperty("--size", Math.min(1, Math.abs(effect)));
  return element("li", {},
    element("span", {}, title),
    element("span", { className: `effect ${way}` }, `${effect > 0 ? "+" : "−"}${Math.abs(effect).toFixed(2)}`),
    push,
    ...evidence.map(text => element("span", { className: "evidence" }, text)));
}

function featureTable(i) {
  if (!sheet.features) return [];
  const input = element("input", { type: "search", value: featureQuery, placeholder: "Filter", ariaLabel: "Filter features" });
  const body = element("tbody");
  const fill = () => {
    featureQuery = input.value;
    const wanted = featureQuery.trim().toLowerCase();
    const chosen = columns[sheet.kind].map((column, j) => [...column, sheet.features[j][i]])
      .filter(([name, meaning]) => `${name} ${meaning}`.toLowerCase().includes(wanted));
    body.replaceChildren(...chosen.map(([name, meaning, value]) => element("tr", {},
      element("th", { scope: "row" }, name, element("small", {}, meaning)), element("td", {}, String(value)))));
  };
  input.addEventListener("input", fill);
  const table = element("details", { open: isTableOpen },
    element("summary", {}, `Features (${columns[sheet.kind].length})`), input, element("table", {}, body));
  table.addEventListener("toggle", () => {
    isTableOpen = table.open;
    if (table.open && !body.childNodes.length) fill();
  });
  if (isTableOpen) fill();
  return [table];
}

function toggleDetails(open = byId("more").ariaExpanded !== "true") {
  byId("more").ariaExpanded = String(open);
  details();
}

// -- saving ---------------------------------------------------------------------------------------

/** A page as a line of labels: all that training needs, the page itself included. */
function labelLine(one) {
  const line = {
    format: LABELS_FORMAT,
    version: LABELS_VERSION,
    path: one.name,
    kind: one.kind,
    sha256: one.sha256,
    checked: one.checked,
    threshold: one.threshold,
    blocks: one.texts.map((text, index) => (
      { index, text, label: NAMES[one.label(index)], person: one.set[index] !== UNSET })),
    [one.kind]: one.source,
  };
  return `${JSON.stringify(line).replace(LINE_ENDS, sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

function save() {
  const chosen = sheets.filter(one => one.n && one.isTouched);
  if (!chosen.length) return say("Nothing to save yet: correct a label, or mark a page as checked");
  const address = URL.createObjectURL(new Blob(chosen.map(labelLine), { type: "application/jsonl" }));
  element("a", { href: address, download: SAVED_AS }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  for (const one of sheets) {
    one.unsaved = false;
    one.store();
  }
  refresh();
  const checked = chosen.filter(one => one.checked).length;
  say(`Saved ${count(chosen.length, "page")} to ${SAVED_AS}, ${checked === chosen.length ? "all" : checked} checked`);
}

// -- telling --------------------------------------------------------------------------------------

let hiding = 0;

/** Say something: seen for a while, and read out by screen readers. */
function say(what) {
  const status = byId("status");
  clearTimeout(hiding);
  status.textContent = what && what[0].toUpperCase() + what.slice(1);
  status.classList.add("shown");
  hiding = setTimeout(() => status.classList.remove("shown"), 4_000);
}

function applyTheme() {
  document.documentElement.dataset.theme = settings.theme;
  const text = `Theme: ${settings.theme === "auto" ? "as the system’s" : settings.theme}`;
  byId("theme").ariaLabel = byId("theme").title = text;
  if (sheet) strip();
  return text;
}

// -- keys and mouse -------------------------------------------------------------------------------

// Keys of the list; single letters and signs can be switched off (WCAG 2.1.4).
const KEYS = {
  ArrowDown: event => step(1, event.shiftKey),
  ArrowUp: event => step(-1, event.shiftKey),
  PageDown: event => step(ROWS_A_SCREEN, event.shiftKey),
  PageUp: event => step(-ROWS_A_SCREEN, event.shiftKey),
  Home: event => step(-sheet.n, event.shiftKey),
  End: event => step(sheet.n, event.shiftKey),
  " ": flip,
  Enter: () => { toggleDetails(true); byId("place").focus(); },
  Backspace: () => setLabel(UNSET),
  Delete: () => setLabel(UNSET),
  Escape: () => select(sheet.cursor),
};
const LETTERS = {
  j: event => step(1, event.shiftKey),
  k: event => step(-1, event.shiftKey),
  c: () => setLabel(CONTENT),
  x: () => setLabel(CLUTTER),
  s: selectSamePath,
  n: () => nextUnsure(1),
  p: () => nextUnsure(-1),
  d: check,
  "/": () => { byId("search").focus(); byId("search").select(); },
  "?": openHelp,
  "[": () => turn(-1),
  "]": () => turn(1),
};
const CONTROL_KEYS = {
  z: event => event.shiftKey ? redo() : undo(),
  y: redo,
  s: save,
};

function openHelp() {
  byId("keys").showModal();
  byId("keys-title").focus(); // at its beginning, not on its first control
}

function turn(by) {
  const next = sheets[sheets.indexOf(sheet) + by];
  if (next) turnTo(next, isInList(document.activeElement));
  else say(`This is the ${by > 0 ? "last" : "first"} page`);
}

function onKey(event) {
  if (event.altKey || event.isComposing || byId("keys").open) return;
  const { target } = event, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const run = chosenKey(event, key, target);
  if (!run) return;
  event.preventDefault();
  run(event);
}

function chosenKey(event, key, target) {
  const isTyping = target instanceof HTMLInputElement && target.type === "search";
  if (event.ctrlKey || event.metaKey) {
    if (key === "a" && isInList(target)) return () => selectMany(visible, sheet.cursor);
    return isTyping && key !== "s" ? undefined : CONTROL_KEYS[key];
  }
  if (target === byId("search") && key === "Enter") return () => nextMatch(event.shiftKey ? -1 : 1);
  if (key === "Escape" && (target === byId("search") || byId("pane").contains(target)))
    return () => select(sheet.cursor);
  if (!isInList(target) || !visible.length && !"[]d?".includes(key)) return undefined;
  return KEYS[key] ?? (settings.letters ? LETTERS[key] : undefined);
}

function onClick(event) {
  const row = event.target.closest(".block");
  if (!row) return;
  const i = Number(row.dataset.block), toggle = event.ctrlKey || event.metaKey;
  if (event.target.closest(".label") && !event.shiftKey && !toggle) {
    if (selected.has(i)) selectMany(selected, i);
    else select(i);
    flip();
  } else {
    select(i, { extend: event.shiftKey, toggle });
  }
}

function slide(event) {
  sliding ??= sheet.state;
  sheet.state = { ...sheet.state, threshold: event.target.valueAsNumber };
  refresh();
}

function letGo() {
  if (!sliding) return;
  const before = sliding;
  sliding = null;
  record(`threshold ${sheet.threshold.toFixed(2)}`, before, sheet.state);
  filter();
}

function listen() {
  const on = (id, name, run) => byId(id).addEventListener(name, run);
  // A button that is clicked leaves the keys to the list; who presses it by a key stays with it.
  const press = (id, run) => on(id, "click", event => {
    run();
    if (event.detail) rows[sheet.cursor]?.focus({ preventScroll: true });
  });
  document.addEventListener("keydown", onKey);
  on("blocks", "click", onClick);
  on("blocks", "mousedown", event => { if (event.shiftKey) event.preventDefault(); }); // it would select text
  on("threshold", "input", slide);
  on("threshold", "change", letGo);
  press("model-choice", () => {
    change("the model’s choice", next => { next.threshold = null; });
    filter();
  });
  on("search", "input", () => search());
  press("select-matches", () => {
    selectMany(matches, matches[0]);
    say(`${count(matches.length, "block")} selected`);
  });
  on("filter", "change", () => {
    filter();
    select(sheet.cursor, { focus: false });
    say(`${count(visible.length, "block")} shown`);
  });
  on("page", "change", event => turnTo(sheets[Number(event.target.value)]));
  press("previous-page", () => turn(-1));
  press("next-page", () => turn(1));
  for (const [id, run] of Object.entries({ undo, redo, check, save, "same-path": selectSamePath })) press(id, run);
  press("set-content", () => setLabel(CONTENT));
  press("set-clutter", () => setLabel(CLUTTER));
  press("clear", () => setLabel(UNSET));
  on("more", "click", () => toggleDetails());
  on("help", "click", openHelp);
  on("theme", "click", () => {
    settings.theme = THEMES[(THEMES.indexOf(settings.theme) + 1) % THEMES.length];
    remember(SETTINGS, settings);
    say(applyTheme());
  });
  on("letters", "change", event => {
    settings.letters = event.target.checked;
    remember(SETTINGS, settings);
  });
  on("strip", "click", event => {
    const share = event.offsetX / event.target.clientWidth;
    select(sheet.ends.findIndex(end => end >= share));
  });
  new ResizeObserver(strip).observe(byId("strip"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", strip);
  NARROW.addEventListener("change", () => toggleDetails(!NARROW.matches));
  addEventListener("beforeunload", event => {
    if (sheets.some(one => one.unsaved)) event.preventDefault();
  });
}

// -- start ----------------------------------------------------------------------------------------

async function start() {
  const data = await unpack(byId("data").textContent);
  columns = data.columns;
  sheets = data.pages.map(page => new Sheet(page));
  sharedFolder = commonFolder(sheets.map(one => one.name));
  const { theme, letters } = recall(SETTINGS) ?? {};
  if (THEMES.includes(theme)) settings.theme = theme;
  byId("letters").checked = settings.letters = letters !== false;
  applyTheme();
  const restored = sheets.filter(one => one.restore()).length;
  byId("page").append(...sheets.map((one, i) => element("option", { value: String(i) }, optionText(one))));
  byId("pages").hidden = byId("progress").hidden = sheets.length === 1;
  byId("kept").textContent = isKept
    ? "This browser keeps your work until the labels are saved, also over a reload."
    : "This browser keeps nothing for this file: save the labels before you leave.";
  byId("more").ariaExpanded = String(!NARROW.matches);
  byId("loading").hidden = true;
  byId("app").hidden = false;
  listen();
  show(sheets[0], true);
  if (restored) say(`Your work on ${count(restored, "page")} is restored`);
}

try {
  await start();
} catch (error) {
  byId("loading").textContent = `The report cannot be shown: ${error.message}. It needs a browser of 2024 or later.`;
  throw error;
}
