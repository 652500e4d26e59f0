// The studio's page. Its state is a study: a baseline, and the scenario that is moved; the program holds none of it.

const DRAWS = 40; // intervals of a hundredth or so of their own width would take seconds; dcfoot plan takes more
const REST_MS = 700; // after which the hand is taken to rest, and intervals are asked for
const CARDS = [
  "carbon_location_hourly_t", "carbon_market_hourly_t", "facility_energy_mwh", "pue", "water_onsite_m3",
  "cfe_contracted_ratio", "peak_import_mw", "heat_delivered_mwh", "cost_per_year",
];
const WHATIF = "what-if";

const at = (id) => document.getElementById(id);
const copy = (value) => structuredClone(value);

let given; // what the program told at the beginning
let words, controls; // by name, by key
const state = { lang: "en", week: 0, keys: {}, baseline: {}, now: {}, answer: null, faults: [] };

// --- Keys: a scenario as in a study file; the way to a key is written with slashes, since facility's have dots. ---

const steps = (key) => key.split("/");

function read(keys, key) {
  return steps(key).reduce((part, step) => part?.[step], keys);
}

function write(keys, key, value) {
  const [first, ...rest] = steps(key);
  if (!rest.length) return value === undefined ? without(keys, first) : { ...keys, [first]: value };
  const inner = write(keys[first] ?? {}, rest.join("/"), value);
  return Object.keys(inner).length ? { ...keys, [first]: inner } : without(keys, first);
}

function without(keys, name) {
  const { [name]: _, ...others } = keys;
  return others;
}

const isPart = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// What a variant says beside its baseline; null takes a key away. The facility's numbers stand or fall together.
function differenceOf(base, now) {
  const found = {};
  for (const key of new Set([...Object.keys(base), ...Object.keys(now)])) {
    if (same(base[key], now[key])) continue;
    const inner = isPart(base[key]) && isPart(now[key]) && key !== "facility";
    found[key] = !(key in now) ? null : inner ? differenceOf(base[key], now[key]) : now[key];
  }
  return found;
}

function studyOf(draws) {
  const variants = { [WHATIF]: differenceOf(state.baseline, state.now) };
  return { ...state.keys, uncertainty: { draws }, baseline: state.baseline, variants };
}

// --- Words ---

const say = (name, values = {}) =>
  (words[name]?.[state.lang] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
const label = (one) => (state.lang === "zh" ? one.label_zh : one.label);
const currency = () => state.answer?.currency || state.keys.money?.currency || "";
const unitOf = (unit) => unit.replace("money", currency()).replace(/^C$/, "°C").replace("m3", "m³");

function shown(figure, value) {
  if (value === undefined || value === null) return "–";
  const places = { minimumFractionDigits: figure.digits, maximumFractionDigits: figure.digits };
  return (value * figure.times).toLocaleString("en", places).replace(/^-(?=[0.,]*$)/, "");
}

// --- Drawing: an element from its tag, its attributes and its children ---

function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "text", "g", "title"].includes(tag) && !attributes.html;
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

// --- Controls ---

function usual(control) {
  const number = given.cooling[state.now.cooling]?.numbers[control.key];
  return number ? number[state.now.size ?? "large"] : control.usual;
}

function applies(control) {
  if (control.key.startsWith("facility/")) return control.key in (given.cooling[state.now.cooling]?.numbers ?? {});
  if (control.group === "money") return Boolean(state.keys.money);
  if (control.key.startsWith("heat_reuse/") && control.key !== "heat_reuse/homes") return Boolean(state.now.heat_reuse);
  return control.key !== "rejection" || choicesOf(control).length > 1;
}

function choicesOf(control) {
  const known = given.choices[control.key];
  const ways = given.cooling[state.now.cooling]?.rejections ?? [];
  const list = control.key === "rejection" ? ways.map((way) => known.find((one) => one.value === way)) : known;
  const value = valueOf(control);
  if (!value || list.some((one) => one.value === value)) return list;
  return [{ value, label: value, label_zh: value }, ...list]; // of the user's own file
}

function valueOf(control) {
  const value = read(state.now, control.key);
  if (value !== undefined) return value;
  return control.key === "rejection" ? given.cooling[state.now.cooling]?.rejections[0] : usual(control);
}

function mostOf(control) {
  if (control.most !== null) return Math.max(control.most, Number(valueOf(control)) || 0);
  const most = control.most_per_it_mw * (state.now.load?.it_capacity_mw ?? 1);
  return Math.max(most, Number(valueOf(control)) || 0, control.step);
}

function move(control, value) {
  let now = state.now;
  for (const key of control.replaces) now = write(now, key, undefined);
  now = write(now, control.key, value);
  if (control.key === "cooling" || control.key === "size")
    for (const one of controls) if (!numberApplies(one, now)) now = write(now, one.key, undefined);
  if (control.key === "heat_reuse/homes" && !value) now = without(now, "heat_reuse");
  if (control.key === "storage/battery_mwh" && value && !read(now, "storage/battery_mw"))
    now = write(now, "storage/battery_mw", Math.max(0.5, Math.round(value / 2) / 2)); // four hours of it
  state.now = now;
  refresh();
  ask();
}

const numberApplies = (control, now) =>
  !control.key.startsWith("facility/") || control.key in (given.cooling[now.cooling]?.numbers ?? {});

function buildControls() {
  const groups = [...new Set(controls.map((control) => control.group))];
  at("groups").replaceChildren(
    ...groups.map((group) =>
      make("fieldset", { id: `group-${group}` }, make("legend", {}, say(group)),
        ...controls.filter((control) => control.group === group).map(control_ => control_.kind === "choice" ? choice(control_) : range(control_)))),
  );
  refresh();
}

const idOf = (control) => control.key.replace(/[/.]/g, "-");

function choice(control) {
  const pick = make("select", { id: idOf(control), onchange: (event) => move(control, event.target.value) });
  return make("label", { class: "field", for: idOf(control) }, make("span", {}, label(control)), pick);
}

function range(control) {
  const id = idOf(control);
  const scale = control.unit === "%" ? 100 : 1;
  const slider = make("input", { type: "range", id, min: control.least, step: control.step,
    oninput: (event) => move(control, Number(event.target.value)) });
  const number = make("input", { type: "number", id: `${id}-number`, step: "any", "aria-label": label(control),
    onchange: (event) => move(control, event.target.value === "" ? undefined : Number(event.target.value) / scale) });
  const unit = make("span", { class: "unit" }, unitOf(control.unit));
  return make("div", { class: "field range", role: "group" },
    make("span", {}, make("label", { for: id }, label(control))), make("div", {}, slider, number, unit));
}

// Brings every control to the state's value.
function refresh() {
  for (const control of controls) {
    const element = at(idOf(control));
    const field = element.closest(".field");
    field.hidden = !applies(control);
    field.classList.toggle("moved", !same(read(state.now, control.key), read(state.baseline, control.key)));
    field.classList.toggle("faulty", state.faults.some((fault) => fault.key.replaceAll(".", "/").endsWith(control.key.replaceAll(".", "/"))));
    if (control.kind === "choice") refreshChoice(control, element);
    else refreshRange(control, element);
  }
  for (const group of at("groups").children) group.hidden = [...group.querySelectorAll(".field")].every((one) => one.hidden);
}

function refreshChoice(control, element) {
  const options = choicesOf(control);
  const told = JSON.stringify([state.lang, options.map((one) => one.value)]);
  if (element.dataset.told !== told) {
    element.dataset.told = told;
    element.replaceChildren(...grouped(options));
  }
  element.value = valueOf(control) ?? "";
}

function grouped(options) {
  const groups = new Map();
  for (const one of options) {
    const name = (state.lang === "zh" ? one.group_zh : one.group) ?? "";
    groups.set(name, [...(groups.get(name) ?? []), make("option", { value: one.value }, label(one))]);
  }
  return [...groups].flatMap(([name, those]) => (name ? [make("optgroup", { label: name }, ...those)] : those));
}

function refreshRange(control, element) {
  const value = valueOf(control);
  const own = read(state.now, control.key);
  const number = at(`${element.id}-number`);
  element.max = mostOf(control);
  element.value = value === "" || value === undefined ? control.least : value;
  element.setAttribute("aria-valuetext", `${value} ${unitOf(control.unit)}`);
  if (document.activeElement !== number || own === undefined)
    number.value = own === undefined ? "" : plain(own * (control.unit === "%" ? 100 : 1));
  number.placeholder = value === "" || value === undefined ? say("usual") : plain(value * (control.unit === "%" ? 100 : 1));
  element.closest(".range").querySelector(".unit").textContent = unitOf(control.unit);
}

const plain = (value) => String(Number(Number(value).toPrecision(6)));

// --- Asking: one request at a time, the newest state last; intervals once the hand rests ---

let asking = false, again = false, rest = 0;

async function ask(draws = 0) {
  clearTimeout(rest);
  if (asking) { again = true; return; }
  asking = true;
  const started = performance.now();
  try {
    const response = await post("answer", { study: studyOf(draws), week: state.week });
    const told = await response.json();
    if (response.ok) Object.assign(state, { answer: told, faults: [] });
    else state.faults = told.faults;
  } catch {
    state.faults = [{ key: "", said: say("lost") }];
  }
  asking = false;
  if (again && draws) { again = false; return ask(); } // intervals of a state that is no more
  show(Math.round(performance.now() - started), draws);
  if (again) { again = false; ask(); }
  else if (!draws && !state.faults.length) rest = setTimeout(() => ask(DRAWS), REST_MS);
}

function post(path, document_) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(document_) });
}

// --- Showing ---

function show(took_ms, draws) {
  document.body.classList.toggle("stale", state.faults.length > 0);
  showFaults();
  refresh();
  if (!state.answer) return;
  const { family } = state.answer;
  at("state").textContent = [
    say("ready", { ms: took_ms }),
    say("family", { gas: family.gas, boundary: say(family.boundary) }),
    draws ? say("exact") : "",
  ].filter(Boolean).join(" · ");
  at("state").dataset.draws = draws;
  showCards();
  showWeek();
  showDuration();
  showTable();
  at("notes").replaceChildren(...state.answer.notes.map((note) => make("li", {}, note)));
}

function showFaults() {
  const lines = state.faults.map((fault) => make("p", {}, fault.key ? make("b", {}, `${fault.key.replace(`variants.${WHATIF}.`, "")}: `) : "", fault.said));
  at("faults").replaceChildren(...(lines.length ? [make("p", {}, say("fault")), ...lines] : []));
  at("faults").hidden = !lines.length;
}

const scenario = () => state.answer.scenarios[WHATIF];
const baseline = () => state.answer.scenarios.baseline;
const differenceIn = (name) => state.answer.differences[WHATIF]?.[name];

function worth(figure, value) {
  if (!value || figure.better === "none") return "";
  return value > 0 === (figure.better === "higher") ? "good" : "bad";
}

// A difference in words: signed, in its colour, with the share of draws that agree.
function differenceLine(figure, withUnit) {
  const difference = differenceIn(figure.name);
  const text = difference && shown(figure, difference.value);
  if (!difference || !/[1-9]/.test(text)) return make("span", {}, difference ? "=" : "–");
  const sign = difference.value > 0 ? "+" : "";
  const share = difference.better_ratio;
  const undecided = share !== null && share > 0.05 && share < 0.95;
  const kind = undecided ? "" : worth(figure, difference.value);
  const unit = withUnit ? ` ${unitOf(figure.unit)}` : "";
  return make("span", { class: kind }, `${sign}${text}${unit}`,
    undecided ? ` (${say("undecided")})` : kind && withUnit ? ` ${say(kind === "good" ? "better" : "worse")}` : "");
}

function showCards() {
  const names = CARDS.filter((name) => name in scenario().figures || name in baseline().figures);
  at("cards").replaceChildren(...names.map((name) => {
    const figure = given.figures.find((one) => one.name === name);
    const found = scenario().figures[name], base = baseline().figures[name];
    return make("article", { class: "card", id: `card-${name}` },
      make("h2", {}, label(figure)),
      make("div", { class: "value", "data-value": found?.value }, shown(figure, found?.value), make("small", {}, ` ${unitOf(figure.unit)}`)),
      make("p", {}, differenceLine(figure, true)),
      make("p", {}, `${say("baseline")}: ${shown(figure, base?.value)}`),
      found && found.p5 !== null && found.p5 !== found.p95 ? make("p", {}, `${say("interval")}: ${shown(figure, found.p5)} – ${shown(figure, found.p95)}`) : null);
  }));
}

function showTable() {
  const there = given.figures.filter(({ name }) => scenario().figures[name]?.value || baseline().figures[name]?.value);
  const rows = [];
  for (const group of new Set(there.map((figure) => figure.group))) {
    rows.push(make("tr", { class: "group" }, make("th", { colspan: 4, scope: "colgroup" }, say(group))));
    for (const figure of there.filter((one) => one.group === group))
      rows.push(make("tr", {},
        make("th", { scope: "row", title: state.lang === "zh" ? undefined : figure.meaning }, `${label(figure)} `, make("small", { class: "dim" }, unitOf(figure.unit))),
        make("td", {}, shown(figure, baseline().figures[figure.name]?.value)),
        make("td", {}, shown(figure, scenario().figures[figure.name]?.value)),
        make("td", {}, differenceLine(figure, false))));
  }
  const head = ["figure", "baseline", "now", "difference"].map((name) => make("th", { scope: "col" }, say(name)));
  at("table").replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
}

// --- Charts: a unit square of hours and MW inside a frame ---

const WIDE = 860, HIGH = 250, LEFT = 44, BOTTOM = 26, TOP = 8;

function frame(title, most, ticksAcross, children) {
  const y = (value) => HIGH - BOTTOM - (value / most) * (HIGH - BOTTOM - TOP);
  const lines = stepsUpTo(most).flatMap((value) => [
    make("line", { x1: LEFT, x2: WIDE, y1: y(value), y2: y(value), stroke: "var(--edge)" }),
    make("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, `${value}`),
  ]);
  const across = ticksAcross.map(([x, text, anchor]) => make("text", { x: LEFT + x * (WIDE - LEFT), y: HIGH - 8, "text-anchor": anchor ?? "middle" }, text));
  return make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": title },
    ...lines, ...children(y), ...across, make("text", { x: 4, y: HIGH - 8 }, "MW"));
}

function stepsUpTo(most) {
  const rough = most / 4, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((one) => one >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => Number((n * step).toPrecision(3)));
}

const across = (n, count) => LEFT + (n / (count - 1)) * (WIDE - LEFT);
const path = (values, y) => values.map((value, n) => `${n ? "L" : "M"}${across(n, values.length).toFixed(1)} ${y(value).toFixed(1)}`).join("");
const line = (values, y, colour, dashed) =>
  make("path", { d: path(values, y), fill: "none", stroke: colour, "stroke-width": 1.8, "stroke-dasharray": dashed ? "5 4" : undefined });

function band(low, high, y, colour) {
  const back = low.map((value, n) => `L${across(low.length - 1 - n, low.length).toFixed(1)} ${y(low[low.length - 1 - n]).toFixed(1)}`);
  return make("path", { d: `${path(high, y)}${back.join("")}Z`, fill: colour });
}

function legend(entries) {
  return make("div", { class: "legend" }, ...entries.map(([name, colour]) => make("span", {}, make("i", { style: `background:${colour}` }), name)));
}

function showWeek() {
  const { week } = scenario();
  const clean = week.clean_mw, stored = clean.map((value, n) => value + week.discharge_mw[n]);
  const full = stored.map((value, n) => value + week.import_mw[n]);
  const most = Math.max(...full, ...week.load_mw, ...week.generation_mw) * 1.05;
  const day = say("week", { day: week.day });
  at("week-caption").textContent = day;
  const days = Array.from({ length: 7 }, (_, n) => [(n + 0.5) / 7, dayName(week.day, n)]);
  at("week-chart").replaceChildren(
    frame(day, most, days, (y) => [
      band(clean.map(() => 0), clean, y, "var(--clean)"), band(clean, stored, y, "var(--battery)"), band(stored, full, y, "var(--grid)"),
      line(week.generation_mw, y, "var(--generation)"), line(week.load_mw, y, "var(--load)"),
    ]),
    legend([[say("clean"), "var(--clean)"], [say("battery"), "var(--battery)"], [say("grid"), "var(--grid)"],
      [say("generation"), "var(--generation)"], [say("load_line"), "var(--load)"]]));
}

function dayName(first, n) {
  const [month, day] = first.split("-").map(Number);
  return new Date(Date.UTC(2023, month - 1, day + n)).toLocaleDateString(state.lang === "zh" ? "zh-CN" : "en-GB", { month: "short", day: "numeric", timeZone: "UTC" });
}

function showDuration() {
  const now = scenario().duration_mw, base = baseline().duration_mw;
  const most = Math.max(...now, ...base, 0.1) * 1.05;
  const ticks = [0, 2000, 4000, 6000, 8000].map((hour) => [hour / 8760, `${hour}`, hour ? "middle" : "start"]);
  at("duration-chart").replaceChildren(
    frame(say("duration"), most, [...ticks, [1, "h", "end"]], (y) => [line(base, y, "var(--base)", true), line(now, y, "var(--accent)")]),
    legend([[say("now"), "var(--accent)"], [say("baseline"), "var(--base)"]]));
}

// --- Starting points, language, the file ---

function startFrom(value) {
  const [number, name] = JSON.parse(value);
  const { keys, scenarios } = given.studies[number];
  Object.assign(state, { keys: copy(keys), baseline: copy(scenarios.baseline), now: copy(scenarios[name]) });
  at("study").textContent = titleOf(given.studies[number]);
  buildControls();
  ask();
}

const titleOf = ({ keys }) => (state.lang === "zh" && keys.title_zh) || keys.title || keys.study;

function buildStarts() {
  const chosen = at("start").value;
  at("start").replaceChildren(...given.studies.map((one, number) =>
    make("optgroup", { label: titleOf(one) }, ...Object.keys(one.scenarios).map((name) =>
      make("option", { value: JSON.stringify([number, name]) }, name === "baseline" ? say("baseline") : name)))));
  if (chosen) at("start").value = chosen;
  return at("start");
}

function speak(lang) {
  state.lang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  const { value } = buildStarts();
  at("study").textContent = value ? titleOf(given.studies[JSON.parse(value)[0]]) : "";
  if (state.answer) { buildControls(); show(0, Number(at("state").dataset.draws)); }
}

async function download() {
  const response = await post("study.yaml", { study: { ...studyOf(0), uncertainty: undefined } });
  if (!response.ok) { state.faults = (await response.json()).faults; showFaults(); return; }
  const url = URL.createObjectURL(await response.blob());
  make("a", { href: url, download: `${state.keys.study}.yaml` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

async function begin() {
  given = await (await fetch("begin")).json();
  words = given.words;
  controls = given.controls;
  speak(new URLSearchParams(location.search).get("lang") ?? given.lang);
  at("start").addEventListener("change", (event) => startFrom(event.target.value));
  at("reset").addEventListener("click", () => { state.now = copy(state.baseline); refresh(); ask(); });
  at("pin").addEventListener("click", () => { state.baseline = copy(state.now); refresh(); ask(); });
  at("download").addEventListener("click", download);
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("language").addEventListener("click", () => speak(state.lang === "zh" ? "en" : "zh"));
  at("week").addEventListener("input", (event) => { pickWeek(Number(event.target.value)); ask(); });
  pickWeek(28);
  const names = Object.keys(given.studies[0].scenarios);
  at("start").value = JSON.stringify([0, names[1] ?? names[0]]);
  startFrom(at("start").value);
}

function pickWeek(number) {
  state.week = number - 1;
  at("week").value = number;
  at("week-number").textContent = number;
}

begin();
