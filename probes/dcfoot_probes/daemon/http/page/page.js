"use strict";
// The daemon's page: draws what /events tells each tick, before it what /api/v1/power remembers of the last minutes.

const PAST_S = 900, STEP_S = 5, AGAIN_MS = 2000, ROWS = 7;
const RUNGS = ["accelerator", "host", "node", "facility"];
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a9199"];  // Okabe and Ito 2008

let lang = localStorage.getItem("dcfoot-language") || (/^zh\b/i.test(navigator.language) ? "zh" : "en");
let last = null, source = null, plot = null, lostAt = null;
let history = { at: [], of: new Map() };  // seconds, and watts by domain

const $ = id => document.getElementById(id);
const say = (word, ...values) => (WORDS[lang][word] ?? word).replace(/\{(\d)\}/g, (_, n) => values[n]);

function make(tag, text = "", properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  element.textContent = text;
  return element;
}

function figure(value, digits = 3) {
  if (value === null || value === undefined) return say("unknown");
  const places = value === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: Math.min(places, 6) });
}

// By the size of the value, so that no line needs more than four digits.
function scaled(value, unit) {
  const steps = { W: [[1e6, "MW"], [1e3, "kW"], [1, "W"]], J: [[3.6e9, "MWh"], [3.6e6, "kWh"], [3.6e3, "Wh"]],
    kWh: [[1e3, "MWh"], [1, "kWh"], [1e-3, "Wh"]], g: [[1e6, "t"], [1e3, "kg"], [1, "g"]],
    L: [[1e3, "m³"], [1, "L"], [1e-3, "mL"]], B: [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]] }[unit];
  return steps.find(([size]) => Math.abs(value) >= size) ?? steps.at(-1);
}

function shown(value, unit) {
  if (value === null || value === undefined) return say("unknown");
  const [size, name] = scaled(value, unit);
  return `${figure(value / size)} ${name}`;
}

function interval(quantity, unit) {
  const [size] = scaled(quantity.value, unit);
  return `[${figure(quantity.p5 / size)} – ${figure(quantity.p95 / size)}]`;
}

const clock = text => new Date(text).toLocaleTimeString(lang === "zh" ? "zh-CN" : "en-GB");
const dated = text => new Date(text).toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
const chip = basis => make("span", say(basis), { className: `chip ${basis}` });

function drawRungs(ladder) {
  $("rungs").replaceChildren(...RUNGS.map(rung => {
    const power = ladder?.power_w[rung] ?? null, card = make("article", "", { className: "card rung", id: `rung-${rung}` });
    const value = make("p", shown(power?.value, "W"), { className: power ? "value" : "value unknown" });
    value.dataset.value = power?.value ?? "";
    const title = make("h2", `${say(rung)} `);
    if (rung !== "accelerator") title.append(make("small", say(`${rung}_adds`)));
    card.append(title, value);
    if (power) {
      const line = make("p", `${interval(power, "W")} `, { className: "dim" });
      line.append(chip(power.basis));
      card.append(line);
    }
    return card;
  }));
}

function row(cells, properties = {}) {
  const line = Object.assign(make("tr"), properties);
  line.append(...cells.map(cell => {
    const of = make("td", cell instanceof Node ? "" : cell);
    if (cell instanceof Node) of.append(cell);
    return of;
  }));
  return line;
}

function table(id, heads, rows) {
  const head = make("tr");
  head.append(...heads.map(word => make("th", say(word))));
  document.querySelector(`#${id} thead`)?.replaceChildren(head);
  document.querySelector(`#${id} tbody`).replaceChildren(...rows);
}

function sum(label, quantity, unit, id) {
  if (!quantity) return row([label, make("span", say("unknown"), { className: "unknown" }), "", ""]);
  const line = row([label, make("b", shown(quantity.value, unit)), make("span", interval(quantity, unit), { className: "dim" }), chip(quantity.basis)], { id });
  line.dataset.value = quantity.value;
  return line;
}

function drawSince(ladder, startedAt) {
  $("started").textContent = dated(startedAt);
  if (!ladder) return;
  table("since", [], [
    ...["node", "facility"].map(rung => sum(`${say("energy")}, ${say(rung)}`, ladder.energy_kwh[rung], "kWh", `energy-${rung}`)),
    ...ladder.carbon.map(one => sum(`${one.gas}, ${say(one.method)}, ${say(one.boundary)}`, one.value_g, "g", `carbon-${one.method}-${one.boundary}`)),
    ...["onsite", "offsite"].map(where => sum(`${say("water")}, ${say(where)}`, ladder.water_l[where], "L", `water-${where}`)),
  ]);
}

function bar(ratio) {
  const holder = make("span", "", { className: "bar" }), fill = make("i");
  fill.style.width = `${Math.min(100, 100 * ratio)}%`;
  holder.append(fill, make("span", `${figure(100 * ratio, 2)} %`));
  return holder;
}

function drawDevices(channels, gauges) {
  table("devices", ["device", "power", "used", "memory", "temperature", "basis"], channels.map(one => {
    const known = gauges[one.device] ?? {}, name = make("span", `${say(one.domain)} `);
    name.append(make("small", `${one.device} ${one.name}`, { title: `${one.device} ${one.name}` }));
    const line = row([name, shown(one.power_w, "W"),
      known.utilisation_ratio === undefined ? "" : bar(known.utilisation_ratio),
      known.memory_used_bytes === undefined ? "" : shown(known.memory_used_bytes, "B"),
      known.temperature_c === undefined ? "" : `${figure(known.temperature_c)} °C`, chip(one.basis)], { className: one.nested ? "nested" : "" });
    line.dataset.device = one.device;
    line.dataset.value = one.power_w ?? "";
    return line;
  }));
}

// A container's 64 digits are told by 12, as its engine tells them, and whole where somebody points at them.
const brief = id => /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
const called = one => one.name ? `${one.name} (${brief(one.id)})` : brief(one.id);

function drawUnits(now) {
  const outer = now.channels.filter(one => !one.nested), told = now.units.slice(0, ROWS);
  const total = (of, key) => of.reduce((sum, one) => sum + one[key], 0), all = total(outer, "energy_j");
  const part = energy_j => all > 0 ? bar(energy_j / all) : "";
  const divided = now.channels.filter(one => one.divided), beyond = Math.max(0, all - total(divided, "energy_j"));
  const rest = { idle: total(divided, "idle_j"), unattributed: total(divided, "unattributed_j") + beyond };
  rest.others = Math.max(0, all - rest.idle - rest.unattributed - total(told, "energy_j"));
  const parts = Object.entries(rest).map(([word, energy_j]) => {
    const line = row([make("i", say(word)), "", "", shown(energy_j, "J"), part(energy_j)], { id: `units-${word}` });
    line.dataset.value = energy_j;
    return line;
  });
  $("units-count").textContent = say("of_all", told.length, now.units_count);
  table("units", ["unit", "kind", "power", "energy", "share"], [...told.map(one => {
    const line = row([make("span", called(one), { title: one.id }), say(one.kind), shown(one.power_w, "W"), shown(one.energy_j, "J"), part(one.energy_j)]);
    line.dataset.unit = `${one.kind}/${one.id}`;
    line.dataset.value = one.power_w;
    return line;
  }), ...parts]);
}

function drawWaste(waste, startedAt) {
  $("waste-since").textContent = say("counted_since", dated(startedAt));
  const worth = (quantity, unit) => quantity ? shown(quantity.value, unit) : say("unknown");
  const money = cost => cost ? `${figure(cost.value)} ${waste.currency}` : waste.currency ? say("unknown") : "";
  const total = kind => waste.totals.filter(one => one.kind === kind).reduce((sum, one) => sum + one.energy_kwh, 0);
  const lines = waste.findings.slice(0, ROWS).map(one => {
    const owners = one.units.map(unit => unit.name ? called(unit) : `${say(unit.kind)} ${brief(unit.id)}`).join(", ");
    const owner = make("span", owners, { title: one.units.map(unit => unit.id).join(", ") });
    const ended = one.is_over ? make("span", say(one.kind), { className: "absent" }) : make("b", say(one.kind), { className: "bad" });
    const line = row([ended, make("small", one.device), owner, `${dated(one.since_at)} – ${one.is_over ? clock(one.until_at) : say("now")}`, shown(one.energy_kwh, "kWh"), worth(one.carbon_g, "g"), worth(one.water_l, "L"), money(one.cost)]);
    line.dataset.waste = `${one.kind}/${one.device}`;
    line.dataset.value = one.energy_kwh;
    return line;
  });
  const kinds = [...new Set(waste.totals.map(one => one.kind))].map(kind => {
    const line = row([make("i", `${say("all")}: ${say(kind)}`), "", "", "", shown(total(kind), "kWh"), "", "", ""], { id: `waste-${kind}` });
    line.dataset.value = total(kind);
    return line;
  });
  const none = row([make("span", say("waste_none"), { className: "good" })]);
  table("waste", ["kind", "device", "unit", "while", "energy", "carbon", "water", "money"], lines.length ? [...lines, ...kinds] : [none]);
  const counted = waste.carbon ? `${waste.carbon.gas}, ${say(waste.carbon.method)}, ${say(waste.carbon.boundary)}. ` : "";
  $("waste-price").textContent = `${counted}${waste.currency ? "" : say("no_price")}`;
}

function drawProbes(now) {
  const mark = (good, said) => make("span", `${good ? "●" : "▲"} ${said}`, { className: good ? "good" : "bad" });
  const state = one => {
    if (one.up) return mark(true, say("up"));
    // What never failed was never there: hardware that this machine does not have.
    return one.failures ? mark(false, `${say("down")}: ${one.said}`) : make("span", `○ ${one.said}`, { className: "absent" });
  };
  const lines = Object.entries(now.probes).map(([name, one]) => {
    const line = row([name, state(one), one.up ? `${figure(1e3 * one.read_s, 2)} ms` : "", figure(one.failures)]);
    line.dataset.probe = name;
    return line;
  });
  const store = now.store, lost = store.lost_frames ? say("frames_lost", store.lost_frames) : "";
  const said = [store.said, lost].filter(Boolean).join("; ");
  lines.push(row([say("store"), mark(!said, said || say("store_ok")), shown(store.size_bytes, "B"), lost && figure(store.lost_frames)], { id: "store" }));
  const share = now.own.cpu_s / Math.max(1, (Date.parse(now.at) - Date.parse(now.started_at)) / 1e3);
  lines.push(row([say("own"), `${figure(100 * share, 2)} % CPU`, shown(now.own.rss_bytes, "B"), ""], { id: "own" }));
  table("probes", ["probe", "state", "reading", "failures"], lines);
}

// --- The chart: watts by domain, those that lie in another left out, so that lines may be added up by eye.

function byDomain(channels) {
  const sums = new Map();
  for (const one of channels) if (!one.nested && one.power_w !== null) sums.set(one.domain, (sums.get(one.domain) ?? 0) + one.power_w);
  return sums;
}

function remember(at, sums) {
  if (at <= (history.at.at(-1) ?? 0)) return;
  history.at.push(at);
  for (const domain of sums.keys()) if (!history.of.has(domain)) history.of.set(domain, Array(history.at.length - 1).fill(null));
  for (const [domain, line] of history.of) line.push(sums.get(domain) ?? null);
  while (history.at[0] < at - PAST_S) {
    history.at.shift();
    for (const line of history.of.values()) line.shift();
  }
}

async function recall(now) {
  const end_s = Math.floor(Date.parse(now.at) / 1e3);
  const answer = await fetch(`/api/v1/power?start_s=${end_s - PAST_S}&end_s=${end_s}&step_s=${STEP_S}`);
  if (!answer.ok) return;  // no store: the chart begins now
  const outer = new Set(now.channels.filter(one => !one.nested).map(one => `${one.domain}/${one.device}`));
  const told = (await answer.json()).channels.filter(one => outer.has(`${one.domain}/${one.device}`));
  const live = history;
  history = { at: [], of: new Map() };
  told[0]?.start_s.forEach((at, n) => {
    const known = told.map(one => ({ ...one, power_w: one.mean_w[n], nested: false }));
    if (known.some(one => one.power_w !== null) && at < (live.at[0] ?? Infinity)) remember(at, byDomain(known));
  });
  live.at.forEach((at, n) => remember(at, new Map([...live.of].filter(([, line]) => line[n] !== null).map(([domain, line]) => [domain, line[n]]))));
}

function drawChart() {
  const domains = [...history.of.keys()], style = getComputedStyle(document.body), key = `${lang} ${domains}`;
  const data = [history.at, ...history.of.values()], width = $("plot").clientWidth, height = 170;
  if (plot && plot.key === key && plot.width === width) { plot.setData(data); return; }
  plot?.destroy();
  const axis = { stroke: style.getPropertyValue("--dim"), grid: { stroke: style.getPropertyValue("--edge"), width: 1 }, font: `12px ${style.fontFamily}` };
  plot = new uPlot({
    width, height, legend: { live: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [{ ...axis, values: (_, times) => times.map(at => clock(at * 1e3)), space: 90 },
      { ...axis, values: (_, powers) => powers.map(power => shown(power, "W")), size: 66 }],
    series: [{}, ...domains.map((domain, n) => ({ label: say(domain), stroke: COLOURS[n % COLOURS.length], width: 1.6, points: { show: false } }))],
  }, data, $("plot"));
  plot.key = key;
}

// --- All of it, at every tick.

function drawState() {
  const state = $("state");
  state.className = lostAt ? "bad" : "good";
  if (lostAt) state.textContent = say("lost", clock(lostAt));
  else if (!last) state.textContent = say("waiting");
  else state.textContent = `${say("live", figure(last.interval_s))} · ${clock(last.at)}`;
}

function draw() {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  $("language").textContent = say("other");
  $("rungs").setAttribute("aria-label", say("rungs"));
  drawState();
  if (!last) return;
  document.title = `dcfoot · ${last.host}`;
  $("host").textContent = last.host;
  drawRungs(last.ladder);
  drawSince(last.ladder, last.started_at);
  const seen = Math.min(...last.channels.map(one => one.observed_ratio));
  $("blind").textContent = seen < 1 ? say("blind", figure(100 * seen, 2)) : "";
  drawDevices(last.channels, last.gauges);
  drawUnits(last);
  drawWaste(last.waste, last.started_at);
  drawProbes(last);
  drawChart();
}

async function heard(now) {
  const first = last === null;
  last = now;
  lostAt = null;
  remember(Date.parse(now.at) / 1e3, byDomain(now.channels));
  if (first) await recall(now).catch(() => {});
  if (!document.hidden) draw();
}

function listen() {
  source = new EventSource("/events");
  source.onmessage = event => heard(JSON.parse(event.data));
  source.onerror = () => {
    lostAt ??= new Date();
    drawState();
    source.close();  // a browser gives up where it is refused: too many pages, a daemon that starts
    setTimeout(listen, AGAIN_MS);
  };
}

$("language").onclick = () => {
  lang = lang === "zh" ? "en" : "zh";
  localStorage.setItem("dcfoot-language", lang);
  draw();
};
addEventListener("resize", () => last && drawChart());
document.addEventListener("visibilitychange", () => document.hidden || draw());
draw();
listen();
