// The studio's page. Its state is a study: a baseline, and the scenario that is moved; the program holds none of it.

const DRAWS = 40; // enough for an interval, few enough to be there at once; dcfoot plan takes more
const REST_MS = 700; // after which the hand is taken to rest, and intervals are asked for
const WHAT_IF = "what-if";
const CARDS = [
  "carbon_location_hourly_t",
  "carbon_market_hourly_t",
  "facility_energy_mwh",
  "pue",
  "water_onsite_m3",
  "cfe_contracted_ratio",
  "peak_import_mw",
  "heat_delivered_mwh",
  "cost_per_year",
];

const ADDRESS = new URLSearchParams(location.search);
const MINE = { Authorization: `Bearer ${ADDRESS.get("token")}` }; // who has the address may ask

const at = (id) => document.getElementById(id);

let given; // what the program told at the beginning: words, controls, choices, studies
const state = { lang: "en", week: 0, keys: {}, baseline: {}, now: {}, answer: null, faults: [], took_ms: 0 };

// --- Keys: a scenario as in a study file; the way to a key is written with slashes, for facility numbers have dots

function read(keys, key) {
  return key.split("/").reduce((part, step) => part?.[step], keys);
}

function write(keys, key, value) {
  const [first, ...rest] = key.split("/");
  if (!rest.length) return value === undefined ? without(keys, first) : { ...keys, [first]: value };
  const inner = write(keys[first] ?? {}, rest.join("/"), value);
  return Object.keys(inner).length ? { ...keys, [first]: inner } : without(keys, first);
}

function without(keys, name) {
  const { [name]: _, ...others } = keys;
  return others;
}

const isPart = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

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

function studyOf() {
  const variants = { [WHAT_IF]: differenceOf(state.baseline, state.now) };
  return { ...state.keys, baseline: state.baseline, variants };
}

// --- Words

function say(name, values = {}) {
  return given.words[name][state.lang].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}

const label = (one) => (state.lang === "zh" ? one.label_zh : one.label);

function unitOf(unit) {
  const inMoney = unit.replace("money", state.keys.money?.currency ?? "");
  const signed = inMoney.replace(/^C$/, "°C").replace("m3", "m³").replace("m2", "m²");
  const inChinese = (text, [english, chinese]) => text.replace(english, chinese);
  return state.lang === "zh" ? Object.entries(given.units_zh).reduce(inChinese, signed) : signed;
}

function shown(figure, value) {
  if (value === undefined || value === null) return "–";
  const places = { minimumFractionDigits: figure.digits, maximumFractionDigits: figure.digits };
  return (value * figure.times).toLocaleString("en", places).replace("-", "−");
}

const plain = (value) => String(Number(Number(value).toPrecision(6)));

// --- Elements: from a tag, attributes, children

const IN_SVG = new Set(["svg", "path", "line", "text"]);

function make(tag, attributes = {}, ...children) {
  const element = IN_SVG.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

// --- Controls

const coolingOf = (keys) => given.cooling[keys.cooling] ?? { rejections: [], numbers: {} };
const isNumberOfFacility = (control) => control.key.startsWith("facility/");
const scaleOf = (control) => (control.unit === "%" ? 100 : 1);
const idOf = (control) => control.key.replace(/[/.]/g, "-");

function usual(control) {
  if (control.key === "rejection") return coolingOf(state.now).rejections[0];
  const bySize = coolingOf(state.now).numbers[control.key];
  return bySize ? bySize[state.now.size ?? "large"] : control.usual;
}

const valueOf = (control) => read(state.now, control.key) ?? usual(control);

// What a control is of: without it there is nothing to move.
const NEEDS = {
  "load/deadline_h": "load/deferrable_ratio",
  "supply/ghi_kwh_per_m2_year": "supply/solar_mw",
  "supply/wind_speed_m_per_s": "supply/wind_mw",
  "storage/battery_mw": "storage/battery_mwh",
  "storage/policy": "storage/battery_mwh",
  "heat_reuse/network_supply_c": "heat_reuse",
};

function applies(control) {
  if (isNumberOfFacility(control)) return control.key in coolingOf(state.now).numbers;
  if (control.group === "money") return Boolean(state.keys.money) || read(state.now, "storage/policy") === "price";
  if (control.key === "rejection") return coolingOf(state.now).rejections.length > 1;
  return !(control.key in NEEDS) || Boolean(read(state.now, NEEDS[control.key]));
}

function choicesOf(control) {
  const ways = coolingOf(state.now).rejections;
  const known = given.choices[control.key].filter((one) => control.key !== "rejection" || ways.includes(one.value));
  const value = valueOf(control);
  const isKnown = !value || known.some((one) => one.value === value);
  return isKnown ? known : [{ value, label: value, label_zh: value }, ...known]; // of the user's own file
}

function mostOf(control) {
  const most = control.most ?? control.most_per_it_mw * (state.now.load?.it_capacity_mw ?? 1);
  const twice = 2 * (read(state.baseline, control.key) ?? 0);
  return Math.max(most, twice, Number(valueOf(control)) || 0, control.step);
}

// What a control needs beside it, which it brings when it is first moved: four hours of a battery, half a day.
const PARTNERS = {
  "storage/battery_mwh": ["storage/battery_mw", (value) => Math.max(0.5, Math.round(value / 2) / 2)],
  "load/deferrable_ratio": ["load/deadline_h", () => 12],
};

// A control is moved: its key has another value, and what it replaces or makes senseless is gone.
function move(control, value) {
  let now = control.replaces.reduce((keys, key) => write(keys, key, undefined), state.now);
  now = write(now, control.key, value);
  for (const one of given.controls)
    if (isNumberOfFacility(one) && !(one.key in coolingOf(now).numbers)) now = write(now, one.key, undefined);
  if (control.key === "heat_reuse/homes" && !value) now = without(now, "heat_reuse");
  const [partner, first] = PARTNERS[control.key] ?? [];
  if (partner && value && !read(now, partner)) now = write(now, partner, first(value));
  state.now = now;
  refresh();
  ask();
}

function buildControls() {
  const groups = Map.groupBy(given.controls, (control) => control.group);
  const sets = [...groups].map(([group, those]) => {
    const fields = those.map((control) => (control.kind === "choice" ? choice(control) : range(control)));
    return make("fieldset", {}, make("legend", {}, say(group)), ...fields);
  });
  at("groups").replaceChildren(...sets);
  refresh();
}

function choice(control) {
  const id = idOf(control);
  const pick = make("select", { id, onchange: (event) => move(control, event.target.value) });
  return make("label", { class: "field", for: id }, make("span", {}, label(control)), pick);
}

function range(control) {
  const id = idOf(control);
  const slid = (event) => move(control, Number(event.target.value));
  const typed = ({ target: { value } }) => move(control, value === "" ? undefined : Number(value) / scaleOf(control));
  const slider = make("input", { type: "range", id, min: control.least, step: control.step, oninput: slid });
  const number = make("input", { type: "number", step: "any", "aria-label": label(control), onchange: typed });
  const unit = make("span", { class: "unit" }, unitOf(control.unit));
  const name = make("span", {}, make("label", { for: id }, label(control)));
  return make("div", { class: "field range" }, name, make("div", {}, slider, number, unit));
}

// Brings every control to what the state says.
function refresh() {
  for (const control of given.controls) {
    const element = at(idOf(control));
    const field = element.closest(".field");
    const dotted = control.key.replace("/", ".");
    field.hidden = !applies(control);
    field.classList.toggle("moved", !same(read(state.now, control.key), read(state.baseline, control.key)));
    field.classList.toggle("faulty", state.faults.some((fault) => fault.key.endsWith(`.${dotted}`)));
    if (control.kind === "choice") refreshChoice(control, element);
    else refreshRange(control, element, field);
  }
  for (const group of at("groups").children)
    group.hidden = [...group.querySelectorAll(".field")].every((field) => field.hidden);
}

function refreshChoice(control, element) {
  const options = choicesOf(control);
  const told = JSON.stringify(options.map((one) => one.value));
  if (element.dataset.told !== told) element.replaceChildren(...grouped(options));
  element.dataset.told = told;
  element.value = valueOf(control) ?? "";
}

function grouped(options) {
  const groups = Map.groupBy(options, (one) => (state.lang === "zh" ? one.group_zh : one.group) ?? "");
  return [...groups].flatMap(([name, those]) => {
    const inside = those.map((one) => make("option", { value: one.value }, label(one)));
    return name ? [make("optgroup", { label: name }, ...inside)] : inside;
  });
}

function refreshRange(control, element, field) {
  const own = read(state.now, control.key);
  const value = valueOf(control);
  const isKnown = value !== undefined && value !== "";
  const text = isKnown ? plain(value * scaleOf(control)) : say("usual");
  const number = field.querySelector("[type=number]");
  element.max = mostOf(control);
  element.value = isKnown ? value : control.least;
  element.setAttribute("aria-valuetext", `${text} ${unitOf(control.unit)}`);
  number.placeholder = text;
  if (number !== document.activeElement) number.value = own === undefined ? "" : text; // never under the typing hand
  field.querySelector(".unit").textContent = unitOf(control.unit);
}

// --- Asking: one request at a time, the newest state last; intervals once the hand rests

const asking = { now: false, again: false, rest: 0 };

async function ask(draws = 0) {
  clearTimeout(asking.rest);
  asking.again = asking.now;
  if (asking.now) return;
  asking.now = true;
  const started = performance.now();
  const told = await answered({ study: { ...studyOf(), uncertainty: { draws } }, week: state.week });
  asking.now = false;
  if (!draws) state.took_ms = Math.round(performance.now() - started);
  if (asking.again && draws) return void ask(); // intervals of what is no more
  Object.assign(state, told);
  show();
  if (asking.again) ask();
  else if (!draws && !state.faults.length) asking.rest = setTimeout(() => ask(DRAWS), REST_MS);
}

async function answered(question) {
  try {
    const response = await post("answer", question);
    const told = await response.json();
    return response.ok ? { answer: told, faults: [] } : { faults: told.faults };
  } catch {
    return { faults: [{ key: "", said: say("lost") }] };
  }
}

function post(path, body) {
  const headers = { ...MINE, "Content-Type": "application/json" };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

// --- Showing

const scenario = () => state.answer.scenarios[WHAT_IF];
const baseline = () => state.answer.scenarios.baseline;
const hasDraws = () => scenario().figures.facility_energy_mwh.p5 !== null;

function show() {
  showFaults();
  refresh();
  if (!state.answer) return;
  const { family, no_cost: noCost, notes } = state.answer;
  const counted = say("family", { gas: family.gas, boundary: say(`boundary-${family.boundary}`) });
  const parts = [say("ready", { ms: state.took_ms }), counted, ...(hasDraws() ? [say("exact")] : [])];
  at("state").textContent = parts.join(" · ");
  at("state").dataset.draws = hasDraws();
  at("no-cost").hidden = !noCost;
  at("no-cost").textContent = `${say("no_cost")} ${noCost}`;
  at("notes").replaceChildren(...notes.map(noteLine));
  showCards();
  showWeek();
  showDuration();
  showTable();
}

// What is about one of the two alone says so.
function noteLine(note) {
  const about = note.of.map((name) => say(name === WHAT_IF ? "now" : "baseline"));
  return make("li", {}, ...(about.length ? [make("b", {}, `${about.join(", ")}: `)] : []), note[state.lang]);
}

function showFaults() {
  const lines = state.faults.map(({ key, said }) => {
    const name = key.replace(`variants.${WHAT_IF}.`, "");
    return make("p", {}, ...(name ? [make("b", {}, `${name}: `)] : []), said);
  });
  document.body.classList.toggle("stale", lines.length > 0);
  at("faults").hidden = !lines.length;
  at("faults").replaceChildren(make("p", {}, say("fault")), ...lines);
}

// A difference, signed and in its colour; where draws disagree on which is better, it says so.
function difference(figure, inFull) {
  const found = state.answer.differences[WHAT_IF][figure.name];
  const text = found ? shown(figure, found.value) : "–";
  if (!/[1-9]/.test(text)) return make("span", {}, found ? "=" : text);
  const isUndecided = found.better_ratio !== null && found.better_ratio > 0.05 && found.better_ratio < 0.95;
  const isBetter = found.value > 0 === (figure.better === "higher");
  const kind = figure.better === "none" ? "" : isUndecided ? "undecided" : isBetter ? "better" : "worse";
  const unit = figure.unit === "%" ? say("points") : unitOf(figure.unit);
  const signed = `${found.value > 0 ? "+" : ""}${text}`;
  return make("span", { class: kind }, inFull ? `${signed} ${unit} ${kind && say(kind)}` : signed);
}

function showCards() {
  const known = CARDS.filter((name) => name in scenario().figures);
  at("cards").replaceChildren(...known.map((name) => card(given.figures.find((figure) => figure.name === name))));
}

function card(figure) {
  const { value, p5, p95 } = scenario().figures[figure.name];
  const base = baseline().figures[figure.name]?.value;
  const unit = make("small", {}, ` ${unitOf(figure.unit)}`);
  const between = (low, high) => `${say("interval")}: ${shown(figure, low)} – ${shown(figure, high)}`;
  const apart = state.answer.differences[WHAT_IF][figure.name];
  const isApart = apart && apart.p5 !== null && shown(figure, apart.p5) !== shown(figure, apart.p95);
  return make(
    "article",
    { class: "card", id: `card-${figure.name}` },
    make("h2", {}, label(figure)),
    make("div", { class: "value", "data-value": value }, shown(figure, value), unit),
    p5 === null || shown(figure, p5) === shown(figure, p95) ? undefined : make("p", { class: "dim" }, between(p5, p95)),
    make("p", {}, difference(figure, true)),
    isApart ? make("p", { class: "dim" }, between(apart.p5, apart.p95)) : undefined,
    make("p", {}, `${say("baseline")}: ${shown(figure, base)}`),
  );
}

function showTable() {
  const sides = [baseline(), scenario()];
  const there = given.figures.filter(({ name }) => sides.some((side) => side.figures[name]?.value));
  const bodies = [...Map.groupBy(there, (figure) => figure.group)].map(([group, figures]) => {
    const head = make("th", { colspan: 4, scope: "rowgroup" }, say(`group-${group}`));
    return make("tbody", {}, make("tr", { class: "group" }, head), ...figures.map(row));
  });
  const names = ["figure", "baseline", "now", "difference"];
  const heads = names.map((name) => make("th", { scope: "col" }, say(name)));
  at("table").replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...heads)), ...bodies));
}

function row(figure) {
  const unit = make("small", { class: "dim" }, unitOf(figure.unit));
  const values = [baseline(), scenario()].map((side) => shown(figure, side.figures[figure.name]?.value));
  return make(
    "tr",
    {},
    make("th", { scope: "row", title: figure.meaning }, `${label(figure)} `, unit),
    ...values.map((value) => make("td", {}, value)),
    make("td", {}, difference(figure, false)),
  );
}

// --- Charts of power over hours

const WIDE = 860, HIGH = 250, LEFT = 44, BOTTOM = 24, TOP = 20;

const across = (n, count) => LEFT + (n / (count - 1)) * (WIDE - LEFT);
const height = (most) => (value) => HIGH - BOTTOM - (value / most) * (HIGH - BOTTOM - TOP);

// A chart: lines of equal power, what is drawn over them, and words below: [place from 0 to 1, text, anchor].
function chart(title, most, below, drawn) {
  const y = height(most);
  const grid = evenSteps(most).flatMap((value) => [
    make("line", { x1: LEFT, x2: WIDE, y1: y(value), y2: y(value), stroke: "var(--edge)" }),
    make("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, plain(value)),
  ]);
  const words = below.map(([place, text, anchor = "middle"]) =>
    make("text", { x: LEFT + place * (WIDE - LEFT), y: HIGH - 6, "text-anchor": anchor }, text));
  const unit = make("text", { x: LEFT - 6, y: 12, "text-anchor": "end" }, "MW");
  const frame = { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": title };
  return make("svg", frame, ...grid, ...drawn, ...words, unit);
}

function evenSteps(most) {
  const rough = most / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((one) => one >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
}

function points(values, y) {
  return values.map((value, n) => `${across(n, values.length).toFixed(1)} ${y(value).toFixed(1)}`);
}

function line(values, y, colour, dashes) {
  const d = `M${points(values, y).join("L")}`;
  return make("path", { d, fill: "none", stroke: colour, "stroke-width": 1.8, "stroke-dasharray": dashes });
}

function band(low, high, y, colour) {
  return make("path", { d: `M${points(high, y).join("L")}L${points(low, y).reverse().join("L")}Z`, fill: colour });
}

function legend(entries) {
  const keys = entries.map(([name, colour, kind]) => {
    const mark = make("i", { class: kind });
    mark.style.background = colour;
    return make("span", {}, mark, name);
  });
  return make("div", { class: "legend" }, ...keys);
}

const sum = (one, other) => one.map((value, n) => value + other[n]);

function showWeek() {
  const { week } = scenario();
  const stored = sum(week.clean_mw, week.discharge_mw);
  const all = sum(stored, week.import_mw);
  const most = 1.03 * Math.max(...all, ...week.generation_mw);
  const y = height(most);
  const title = say("week", { day: dayName(week.day, 0) });
  at("week-caption").textContent = title;
  const days = [0, 1, 2, 3, 4, 5, 6].map((n) => [(n + 0.5) / 7, dayName(week.day, n)]);
  const drawn = [
    band(all.map(() => 0), week.clean_mw, y, "var(--clean)"),
    band(week.clean_mw, stored, y, "var(--battery)"),
    band(stored, all, y, "var(--grid)"),
    line(week.generation_mw, y, "var(--generation)"),
    line(week.load_mw, y, "var(--load)"),
  ];
  const names = [
    [say("clean"), "var(--clean)"],
    [say("battery"), "var(--battery)"],
    [say("from_grid"), "var(--grid)"],
    [say("generation"), "var(--generation)", "line"],
    [say("load_line"), "var(--load)", "line"],
  ];
  at("week-chart").replaceChildren(chart(title, most, days, drawn), legend(names));
}

function dayName(first, after) {
  const [month, day] = first.split("-").map(Number);
  const date = new Date(Date.UTC(2023, month - 1, day + after)); // any year of 365 days
  const lang = state.lang === "zh" ? "zh-CN" : "en-GB";
  return date.toLocaleDateString(lang, { month: "short", day: "numeric", timeZone: "UTC" });
}

function showDuration() {
  const now = scenario().duration_mw, base = baseline().duration_mw;
  const most = 1.03 * Math.max(...now, ...base, 0.1);
  const y = height(most);
  const hours = [2000, 4000, 6000, 8000].map((hour) => [hour / 8760, `${hour}`]);
  const below = [[0, "0", "start"], ...hours, [1, "h", "end"]];
  const drawn = [line(base, y, "var(--base)", "5 4"), line(now, y, "var(--accent)")];
  const names = [[say("now"), "var(--accent)", "line"], [say("baseline"), "var(--base)", "line"]];
  at("duration-chart").replaceChildren(chart(say("duration"), most, below, drawn), legend(names));
}

// --- Where to start from, language, the file

const titleOf = ({ keys }) => (state.lang === "zh" && keys.title_zh) || keys.title || keys.study;

// The baseline is called so where the study has no name of its own for it.
function nameOf({ called }, name) {
  const mine = called[name][state.lang];
  return mine === name && name === "baseline" ? say("baseline") : mine;
}

function buildStarts() {
  const starts = at("start"), chosen = starts.value;
  const groups = given.studies.map((study, number) => {
    const names = Object.keys(study.scenarios).map((name) =>
      make("option", { value: `${number}/${name}` }, nameOf(study, name)));
    return make("optgroup", { label: titleOf(study) }, ...names);
  });
  starts.replaceChildren(...groups);
  if (chosen) starts.value = chosen;
}

function startFrom(number, name) {
  const { keys, scenarios } = given.studies[number];
  Object.assign(state, { keys, baseline: scenarios.baseline, now: scenarios[name], faults: [] });
  at("start").value = `${number}/${name}`;
  at("study").textContent = titleOf(given.studies[number]);
  buildControls();
  ask();
}

function speak(lang) {
  state.lang = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = say("product");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  buildStarts();
  if (!state.answer) return;
  at("study").textContent = titleOf(given.studies[at("start").value.split("/")[0]]);
  buildControls();
  show();
}

async function download() {
  const response = await post("study.yaml", { study: studyOf() });
  if (!response.ok) {
    state.faults = (await response.json()).faults;
    return showFaults();
  }
  const href = URL.createObjectURL(await response.blob());
  make("a", { href, download: `${state.keys.study}.yaml` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

function become(changes) {
  Object.assign(state, changes);
  refresh();
  ask();
}

function pickWeek(number) {
  state.week = number - 1;
  at("week").value = at("week-number").textContent = number;
}

async function begin() {
  const response = await fetch("begin", { headers: MINE });
  given = await response.json();
  if (!response.ok) {
    at("faults").hidden = false;
    return at("faults").append(given.faults[0].said);
  }
  speak(ADDRESS.get("lang") === "zh" ? "zh" : given.lang);
  at("start").addEventListener("change", (event) => startFrom(...event.target.value.split("/")));
  at("reset").addEventListener("click", () => become({ now: state.baseline }));
  at("pin").addEventListener("click", () => become({ baseline: state.now }));
  at("download").addEventListener("click", download);
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("language").addEventListener("click", () => speak(state.lang === "zh" ? "en" : "zh"));
  at("week").addEventListener("input", (event) => {
    pickWeek(Number(event.target.value));
    ask();
  });
  pickWeek(28);
  const names = Object.keys(given.studies[0].scenarios);
  startFrom(0, names[1] ?? names[0]);
}

begin();
