// Moving through the steps: buttons, keys, the slider, and breakpoints. This file comes last.

const breakpoints = new Set();
let playing = null;

function show(wanted) {
  position = Math.min(Math.max(wanted, 1), END);
  const step = steps[position - 1];
  $("step").replaceChildren(...(step ? stepView(step) : endView()));
  const text = step ? `step ${position} of ${data.total}` : "end";
  $("position").textContent = text;
  $("slider").value = position;
  $("slider").setAttribute("aria-valuetext", step ? `${text}, ${step.op}` : "end of the pass");
  $("live").textContent = step ? `Step ${position} of ${data.total}: ${step.line}` : "End: all gradients have arrived";
  $("first").disabled = $("back").disabled = position === 1;
  $("next").disabled = $("last").disabled = position === END;
  $("mark").disabled = !step;
  document.body.dataset.position = position;
  showBreakpoints();
  showGraph();
  showMarkedSource();
  document.querySelector(".flow")?.dispatchEvent(new Event("pointerenter"));
}

/** A long line of source is scrolled to what is marked in it. */
function showMarkedSource() {
  const mark = document.querySelector("pre mark");
  if (!mark) return;
  const pre = mark.closest("pre");
  pre.scrollLeft = Math.max(0, mark.getBoundingClientRect().right - pre.getBoundingClientRect().right + 20);
}

function showBreakpoints() {
  const marked = breakpoints.has(position);
  $("mark").setAttribute("aria-pressed", marked);
  $("mark").textContent = marked ? "● Breakpoint" : "○ Breakpoint";
  $("to-mark").disabled = following((step) => breakpoints.has(step.number)) === null;
  $("to-bad").disabled = following((step) => step.notFinite.length > 0) === null;
  $("list").querySelectorAll("button").forEach((button, k) => {
    const step = steps[k];
    button.textContent = `${breakpoints.has(k + 1) ? "● " : ""}${step.op}${step.notFinite.length ? " ⚠ not finite" : ""}${step.problem ? " ⚠ fails" : ""}`;
    if (k + 1 === position) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  });
}

/** The next step for which something holds; after the end the search goes on at the start. */
function following(holds) {
  const later = steps.filter((step) => step.number > position && holds(step));
  const found = later.length ? later[0] : steps.find((step) => step.number !== position && holds(step));
  return found ? found.number : null;
}

function jump(holds) {
  const number = following(holds);
  if (number !== null) show(number);
}

function toggleBreakpoint() {
  if (!steps[position - 1]) return;
  if (!breakpoints.delete(position)) breakpoints.add(position);
  showBreakpoints();
}

function pause() {
  clearInterval(playing);
  playing = null;
  $("play").textContent = "▶ Play";
}

function play() {
  if (playing !== null) return pause();
  if (position === END) show(1);
  $("play").textContent = "❚❚ Pause";
  playing = setInterval(() => {
    show(position + 1);
    if (position === END || breakpoints.has(position)) pause();
  }, 1500);
}

const KEYS = {
  ArrowLeft: () => show(position - 1),
  ArrowRight: () => show(position + 1),
  Home: () => show(1),
  End: () => show(END),
  " ": play,
  b: toggleBreakpoint,
  c: () => jump((step) => breakpoints.has(step.number)),
  x: () => jump((step) => step.notFinite.length > 0),
};

document.addEventListener("keydown", (event) => {
  const target = event.target;
  const isOwn = target.matches("input, pre") || (event.key === " " && target.matches("button, summary"));
  const action = KEYS[event.key];
  if (!action || isOwn || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  action();
});

$("first").addEventListener("click", () => show(1));
$("back").addEventListener("click", () => show(position - 1));
$("next").addEventListener("click", () => show(position + 1));
$("last").addEventListener("click", () => show(END));
$("play").addEventListener("click", play);
$("mark").addEventListener("click", toggleBreakpoint);
$("to-mark").addEventListener("click", KEYS.c);
$("to-bad").addEventListener("click", KEYS.x);
$("slider").max = END;
$("slider").addEventListener("input", (event) => show(Number(event.target.value)));
$("list").querySelector("ol").append(...steps.map((step) =>
  el("li", {}, el("button", { class: "link", type: "button", click: () => show(step.number) }))));

prepareGraph();
show(1);
