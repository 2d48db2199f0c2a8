// Numbers as text, and arrays as tables of them.

function shortNumber(value, digits = 4) {
  const number = Number(value);
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "−inf";
  const size = Math.abs(number);
  let text = String(Number(number.toPrecision(digits)));
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    text = number.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  }
  return text.replaceAll("-", "−");
}

const isBad = (value) => !Number.isFinite(Number(value));
const shapeText = (shape) => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`);
const place = (index) => (index.length ? `[${index.join(", ")}]` : "");
const plural = (count, what) => `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

/** Which kind of number a label speaks of: what arrived, the op's own value, or an input. */
function kindOf(text) {
  if (text.startsWith("dL/dout")) return "arrived";
  if (/^out(\[|$)/.test(text)) return "own";
  const step = steps[position - 1];
  const names = step ? step.values.map((value) => value.argument) : [];
  return names.some((name) => text === name || text.startsWith(`${name}[`)) ? "input" : "";
}

function goTo(number, text) {
  if (number === null) return text;
  return el("button", { class: "link", type: "button", click: () => show(number) }, text);
}

function indexAt(array, row, column) {
  return array.shape.length ? [...array.rows[row], array.columns[column]] : [];
}

/** Where in an array's cells an index is: [row, column], or null if it is not shown. */
function cellOf(array, index) {
  const wanted = index.join();
  for (let row = 0; row < array.rows.length; row += 1) {
    for (let column = 0; column < array.columns.length; column += 1) {
      if (indexAt(array, row, column).join() === wanted) return [row, column];
    }
  }
  return null;
}

function cellAt(array, index) {
  const found = cellOf(array, index);
  return found ? array.cells[found[0]][found[1]] : null;
}

function statisticsText(array) {
  const found = array.statistics;
  const words = [`shape ${shapeText(array.shape)}`, array.dtype];
  if (found.size === 0) return [...words, "empty"].join(" · ");
  if (found.size > 1 && "min" in found) {
    words.push(`${shortNumber(found.min, 3)} to ${shortNumber(found.max, 3)}`);
    words.push(`mean ${shortNumber(found.mean, 3)}`, `norm ${shortNumber(found.norm, 3)}`);
    if (found.zero) words.push(`${found.zero.toLocaleString("en")} of ${found.size.toLocaleString("en")} are 0`);
  }
  if (found.nan) words.push(`${found.nan.toLocaleString("en")} NaN`);
  if (found.inf) words.push(`${found.inf.toLocaleString("en")} infinite`);
  if (array.rows.length * array.columns.length < found.size) words.push("corners shown");
  return words.join(" · ");
}

/** A table of an array's entries; with `choose`, each is a button that calls it with its index. */
function heatMap(title, array, { kind = "", chosen = null, choose = null } = {}) {
  const figure = el("div", { class: "array" });
  figure.array = array;
  figure.append(el("div", { class: `title ${kind}` }, title));
  if (array.statistics.size) figure.append(el("div", { class: "scroll" }, heatTable(title, array, chosen, choose)));
  figure.append(el("div", { class: "quiet" }, statisticsText(array)));
  return figure;
}

function heatTable(title, array, chosen, choose) {
  const { min, max } = array.statistics;
  const largest = Math.max(Math.abs(Number(min ?? 0)), Math.abs(Number(max ?? 0)), Number.MIN_VALUE);
  const table = el("table", { class: "heat", "aria-label": `${title}, entries` });
  if (array.shape.length) {
    const heads = array.columns.map((column, k) => el("th", { scope: "col" }, gap(array.columns, k) + column));
    table.append(el("thead", {}, el("tr", {}, array.shape.length > 1 ? el("td") : null, heads)));
  }
  const rowNumbers = array.rows.map((row) => row.at(-1) ?? 0);
  const body = array.cells.map((cells, row) => {
    const tr = el("tr");
    if (array.shape.length > 1) {
      tr.append(el("th", { scope: "row" }, gap(rowNumbers, row) + array.rows[row].join(", ")));
    }
    cells.forEach((value, column) => {
      const index = indexAt(array, row, column);
      const td = el("td", { class: signOf(value), title: `${title}${place(index)} = ${value}` });
      td.style.setProperty("--heat", isBad(value) ? 0 : Math.min(Math.abs(Number(value)) / largest, 1));
      td.append(cellContent(value, index, chosen, choose));
      td.dataset.index = index.join();
      tr.append(td);
    });
    return tr;
  });
  table.append(el("tbody", {}, body));
  if (choose) table.addEventListener("keydown", (event) => moveInTable(event, table, array));
  return table;
}

const gap = (numbers, k) => (k > 0 && numbers[k] > numbers[k - 1] + 1 ? "… " : "");
const signOf = (value) => (isBad(value) ? "bad" : Number(value) < 0 ? "minus" : "plus");

function cellContent(value, index, chosen, choose) {
  const text = shortNumber(value, 3);
  if (!choose) return el("span", {}, text);
  const isChosen = chosen.join() === index.join();
  return el("button", {
    type: "button",
    tabindex: isChosen ? 0 : -1,
    "aria-pressed": isChosen,
    "aria-label": `entry ${place(index)}: ${text}`,
    click: (event) => {
      for (const other of event.currentTarget.closest("table").querySelectorAll("button")) {
        const pressed = other === event.currentTarget;
        other.setAttribute("aria-pressed", pressed);
        other.tabIndex = pressed ? 0 : -1;
      }
      choose(index);
    },
  }, text);
}

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function moveInTable(event, table, array) {
  const move = MOVES[event.key];
  const button = event.target.closest("button");
  if (!move || !button) return;
  event.preventDefault();
  event.stopPropagation();
  const buttons = [...table.querySelectorAll("tbody button")];
  const wide = array.columns.length;
  const at = buttons.indexOf(button);
  const row = Math.floor(at / wide) + move[0];
  const column = (at % wide) + move[1];
  if (row < 0 || column < 0 || row >= array.rows.length || column >= wide) return;
  buttons[row * wide + column].focus();
  buttons[row * wide + column].click();
}
