// What is shown of a step: what arrived, the rule in numbers, values, source, and the check.

/** `weight[0, 1]` as `weight` and `[0, 1]`. */
function nameAndIndex(label) {
  const index = /\[[\d, ]*\]$/.exec(label)?.[0] ?? "";
  return [label.slice(0, label.length - index.length), index];
}

function chip(label, value, kind = "") {
  const [name, index] = nameAndIndex(label);
  const bad = isBad(value) ? " bad" : "";
  return el("span", { class: `chip ${kind}${bad}`, title: `${label} = ${value}` },
    el("b", {}, shortNumber(value)), el("small", {}, el("span", {}, name), index));
}

const sign = (text) =>
  el("span", { class: "sign" }, text.replaceAll("**", "^").replaceAll("*", "×").replaceAll("-", "−"));

/** One line: target = numbers and signs = value. What stands between plus signs stays together. */
function equationRow([target, tokens, value]) {
  const terms = [el("span", { class: "term" })];
  for (const token of tokens) {
    if (token === " + ") terms.push(el("span", { class: "term" }, sign("+")));
    else terms.at(-1).append(typeof token === "string" ? sign(token) : chip(token[0], token[1], kindOf(token[0])));
  }
  const isCopy = tokens.length === 1 && Object.is(Number(tokens[0][1]), Number(value));
  return el("div", { class: "equation" },
    el("span", { class: "term" }, el("code", { class: "sign" }, target), sign("=")), terms,
    isCopy ? null : el("span", { class: "term" }, sign("="), chip(target, value, "result")));
}

/** Frame in the tables of values the entries that a card's equations were computed from. */
function frameUsed(section, equations) {
  for (const td of document.querySelectorAll("td.used")) td.classList.remove("used");
  for (const other of document.querySelectorAll(".flow.active")) other.classList.remove("active");
  section.classList.add("active");
  for (const [text] of equations.flatMap(([, tokens]) => tokens).filter(Array.isArray)) {
    const [name, index] = nameAndIndex(text);
    const cell = `td[data-index="${index.slice(1, -1).replaceAll(" ", "")}"]`;
    document.querySelector(`[data-array="${CSS.escape(name)}"] ${cell}`)?.classList.add("used");
  }
}

function card(title, ...children) {
  return el("section", { class: "card" }, el("h3", {}, title), children);
}

function sourceCard(step) {
  const source = step.source;
  if (!source) return null;
  const where = `${source.place}${source.function === "<module>" ? "" : `, in ${source.function}`}`;
  const indent = Math.min(...source.lines.filter(([, text]) => text.trim()).map(([, text]) => text.search(/\S/)));
  const rows = source.lines.map(([number, text, start, end]) => [
    el("span", { class: "number" }, `${String(number).padStart(4)}  `),
    text.slice(indent, Math.max(start, indent)),
    end > start ? el("mark", {}, text.slice(start, end)) : null,
    `${text.slice(Math.max(end, indent))}\n`,
  ]);
  return card("Where your program computed it", el("p", { class: "quiet" }, where),
    rows.length ? el("pre", { tabindex: 0, "aria-label": "source" }, rows) : null);
}

function arrivedCard(step) {
  const sum = el("div");
  const array = step.gradient;
  const choose = (index) => sum.replaceChildren(contributionTable(step, index));
  choose(array.peak);
  const isSum = step.arrivals.length > 1;
  const title = isSum ? "dL/dout: choose an entry to see what adds up to it" : "dL/dout";
  const figure = heatMap(title, array, { kind: "arrived", chosen: array.peak, choose: isSum ? choose : null });
  figure.dataset.array = "dL/dout";
  return card("1. What arrived: dL/dout",
    el("p", { class: "quiet" }, "How much L changes per change of each entry of out, this op's output."),
    figure, sum);
}

function contributionTable(step, index) {
  const rows = step.arrivals.map((arrival) => {
    const from = arrival.step === null ? "the pass starts here" : goTo(arrival.step, `${arrival.rule} (step ${arrival.step})`);
    const value = step.arrivals.length > 1 || index.length === 0
      ? shortNumber(cellAt(arrival.contribution, index))
      : "";
    return el("tr", {}, el("td", {}, from), el("td", { class: "amount" }, value));
  });
  const total = el("tr", {}, el("td", {}, `= dL/dout${place(index)}`),
    el("td", { class: "amount" }, shortNumber(cellAt(step.gradient, index))));
  if (rows.length === 1) return el("table", { class: "rows", "aria-label": "where it comes from" }, el("tbody", {}, rows));
  return el("div", {}, el("p", {}, `${rows.length} contributions add up${index.length ? ` to entry ${place(index)}` : ""}:`),
    el("table", { class: "rows" }, el("tbody", {}, rows), el("tfoot", {}, total)));
}

function valuesCard(step) {
  const own = heatMap("out is this op's output", step.out, { kind: "own" });
  own.dataset.array = "out";
  const inputs = step.values.map((value) => {
    const whose = value.step === null ? value.is : goTo(value.step, value.is);
    const figure = heatMap(value.argument, value.array, { kind: "input" });
    figure.dataset.array = value.argument;
    figure.querySelector(".title").append(" is ", whose); // the op's own name for it, then the user's
    return figure;
  });
  const names = step.values.map((value) => value.argument).join(", ");
  const params = Object.entries(step.params).map(([name, value]) => `${name} = ${value}`);
  return card("What the forward pass had here",
    params.length ? el("p", {}, el("code", {}, params.join(", "))) : null,
    el("p", { class: "quiet" }, `${names} and out are what ${step.op} calls its inputs and its output. ` +
      "Dashed frames: the entries in the equation at hand."),
    el("div", { class: "arrays" }, inputs, own));
}

function flowCard(step, flow, number) {
  const target = `dL/d${flow.argument}`;
  const array = flow.contribution;
  const numbers = el("div", { "aria-live": "polite" });
  const choose = (index) => {
    numbers.replaceChildren(...equationsAt(flow, index).map(equationRow), ...adding(flow, index));
    frameUsed(section, equationsAt(flow, index));
  };
  const hint = array.statistics.size > 1 ? ": choose an entry to see how it was computed" : "";
  const figure = heatMap(`${target}${hint}`, array, { chosen: array.peak, choose });
  const letter = step.flows.length > 1 ? String.fromCharCode(97 + (number % 26)) : "";
  const section = card(`2${letter}. What ${flow.argument} gets: ${target}`,
    el("p", { class: "quiet" }, `${flow.argument}, as ${step.op} calls its input, is `, goTo(flow.step, flow.to), "."),
    flow.formula.split("; ").map((line) => el("p", { class: "formula" }, line)), shapesOf(step, flow), numbers, figure,
    el("p", { class: "quiet" }, factsOf(step, flow)),
    el("details", {}, el("summary", {}, `The rule ${flow.rule}, as Python runs it`), el("pre", {}, flow.ruleSource)));
  if (array.statistics.size) choose(array.peak);
  section.classList.add("flow");
  for (const attention of ["focusin", "pointerenter"]) {
    section.addEventListener(attention, () => frameUsed(section, equationsAt(flow, chosenIn(figure))));
  }
  return section;
}

function chosenIn(figure) {
  const pressed = figure.querySelector('button[aria-pressed="true"]');
  const index = pressed ? pressed.parentElement.dataset.index : "";
  return index ? index.split(",").map(Number) : [];
}

function equationsAt(flow, index) {
  const found = cellOf(flow.contribution, index);
  return found ? flow.equations[found[0] * flow.contribution.columns.length + found[1]] : [];
}

function shapesOf(step, flow) {
  const known = [["dL/dout", step.gradient], ["out", step.out], ...step.values.map((v) => [v.argument, v.array])];
  const words = new Set(flow.formula.match(/dL\/d\w+(\[\d+\])?|[A-Za-z_]\w*(\[\d+\])?/g));
  const shapes = known.filter(([name]) => words.has(name)).map(([name, array]) => `${name} ${shapeText(array.shape)}`);
  const result = `dL/d${flow.argument} ${shapeText(flow.contribution.shape)}`;
  return el("p", { class: "quiet" }, `shapes: ${[result, ...shapes].join(" · ")}`);
}

/** How the contribution at an entry is added to what its input has already. */
function adding(flow, index) {
  if (flow.before === null) {
    return flow.waiting === 0 ? [] : [el("p", { class: "quiet" },
      `The first of ${flow.waiting + 1} contributions to ${flow.to}; they will add up.`)];
  }
  return [el("p", { class: "quiet" }, `Contributions to ${flow.to} add up:`),
    el("div", { class: "equation" },
      chip("had arrived before", cellAt(flow.before, index)), sign("+"),
      chip("this contribution", cellAt(flow.contribution, index)), sign("="),
      chip(flow.waiting ? "so far" : "its whole gradient", cellAt(flow.after, index), "result"))];
}

function factsOf(step, flow) {
  const words = [];
  const gain = Number(flow.gain);
  if (Number.isFinite(gain)) words.push(`its norm is ${shortNumber(gain, 3)} times that of dL/dout`);
  const share = Number(flow.zeros);
  if (share > 0) words.push(`${share < 0.01 ? "less than 1" : Math.floor(100 * share)}% of it is zero`);
  if (flow.waiting) words.push(`${flow.argument} waits for ${plural(flow.waiting, "more contribution")}`);
  else words.push(`the gradient of ${flow.argument} is complete now`);
  return `The whole array: ${words.join("; ")}.`;
}

function checkCard(step) {
  if (!step.check) {
    return card("3. Is the rule right?", el("p", { class: "quiet" },
      "Not checked here: mg.replay(loss, check=True) compares every rule with finite differences."));
  }
  const rows = step.check.rows.map((row) => el("li", {},
    el("code", {}, row.rule), " ", el("span", { class: `verdict ${row.verdict}` }, row.verdict), " ",
    verdictText(row), row.detail ? el("div", { class: "quiet" }, row.detail) : null));
  return card("3. Is the rule right? Against finite differences",
    el("p", { class: "quiet" }, "This op alone is computed again, in float64, with its inputs moved a little; the slope seen is compared with what the rule says."),
    el("ul", { class: "checks" }, rows));
}

function verdictText(row) {
  if (isBad(row.numeric)) return "";
  const numbers = `rule ${shortNumber(row.analytic, 6)}, measured ${shortNumber(row.numeric, 6)} ± ${shortNumber(row.bar, 2)}`;
  if (row.total === 1) return numbers;
  const where = row.index ? `entry ${place(row.index)}` : "along a random direction";
  return `${row.checked} of ${row.total} entries; at worst, ${where}: ${numbers}`;
}

function stepView(step) {
  const heading = el("section", { class: "card" },
    el("h2", {}, `Step ${step.number} of ${data.total}: ${step.op}`),
    el("p", {}, el("code", {}, step.line)),
    step.layer ? el("p", { class: "quiet" }, `layer ${step.layer}`) : null,
    step.problem ? failureOf(step) : el("p", {}, summaryOf(step)),
    step.notFinite.length ? warningOf(step) : null);
  return [heading, el("div", { class: "columns" },
    el("div", {}, arrivedCard(step), step.flows.map((flow, k) => flowCard(step, flow, k)),
      step.problem ? null : checkCard(step)),
    el("div", { class: "beside" }, valuesCard(step), sourceCard(step)))];
}

function warningOf(step) {
  const isFirst = step === steps.find((other) => other.notFinite.length);
  return [
    el("p", { class: "warning" }, `⚠ NaN or infinity in ${step.notFinite.join(", ")}`),
    el("details", { open: isFirst && "" },
      el("summary", {}, "Where NaN or infinity comes from"), el("pre", { tabindex: 0 }, data.report)),
  ];
}

function failureOf(step) {
  return [
    el("p", { class: "warning" }, `⚠ This step fails, and the pass ends here: ${step.problem}`),
    el("p", { class: "quiet" }, "What arrived, and the values that the rule was given, are below."),
  ];
}

function summaryOf(step) {
  const names = step.flows.map((flow) => flow.argument);
  const receivers = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names[0];
  return "The gradient of out has arrived. The chain rule multiplies it by the derivative of " +
    `${step.op}, and passes the result on to ${receivers}. L is ${data.root}, where the pass starts.`;
}

function endView() {
  const leaves = data.tensors.filter((tensor) => tensor.step === null);
  const cards = leaves.map((tensor) => {
    const from = tensor.contributors.map((number, k) => [k ? ", " : "", goTo(number, `step ${number}`)]);
    const section = card(tensor.name, el("p", {}, el("code", {}, tensor.line)),
      el("p", {}, "its gradient comes from ", from),
      el("div", { class: "arrays" }, heatMap("gradient", tensor.gradient, { kind: "arrived" }),
        heatMap("value", tensor.value, { kind: "own" })));
    section.id = `leaf-${tensor.box}`;
    section.tabIndex = -1;
    return section;
  });
  return [el("section", { class: "card" }, el("h2", {}, `All ${plural(steps.length, "step")} made`),
    el("p", {}, "Every gradient has arrived; these are the leaves, where the pass ends.")),
  el("div", { class: "columns" }, cards)];
}
