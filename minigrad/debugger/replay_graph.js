// The drawing: how far each gradient has come, which step is at hand, and where a click leads.

const BACKWARD_HEAD = `<marker id="backward" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="16"
  markerHeight="16" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
  <path d="M0 0L8 4L0 8z"/></marker>`;

const boxes = new Map();
for (const tensor of data.tensors) {
  if (!boxes.has(tensor.box)) boxes.set(tensor.box, []);
  boxes.get(tensor.box).push(tensor);
}

/** How many contributions to a gradient have been made before a position; the root starts with one. */
function arrivedBefore(tensor, at) {
  return tensor.contributors.filter((number) => number < at).length;
}

function isComplete(tensor, at) {
  return arrivedBefore(tensor, at) === tensor.contributors.length;
}

function progressText(tensors) {
  if (tensors.every((tensor) => isComplete(tensor, position))) return ["complete", tensors[0].final];
  if (tensors.length > 1) {
    const complete = tensors.filter((tensor) => isComplete(tensor, position)).length;
    return [complete ? "partly" : "nothing", complete ? `${complete} of ${tensors.length} gradients complete` : "no gradient yet"];
  }
  const arrived = arrivedBefore(tensors[0], position);
  return arrived ? ["partly", `${arrived} of ${tensors[0].contributors.length} contributions`] : ["nothing", "no gradient yet"];
}

function visitBox(box) {
  const numbers = boxes.get(box).map((tensor) => tensor.step).filter((number) => number !== null);
  show(numbers.length ? Math.min(...numbers) : END);
  const leaf = $(`leaf-${box}`);
  if (!numbers.length && leaf) {
    leaf.scrollIntoView({ block: "center" });
    leaf.focus({ preventScroll: true });
  }
}

function prepareGraph() {
  const svg = $("graph");
  svg.setAttribute("role", "group");
  svg.style.minWidth = `${0.65 * Number(svg.getAttribute("width"))}px`; // smaller, one cannot read it
  svg.insertAdjacentHTML("beforeend", BACKWARD_HEAD);
  for (const [box, tensors] of boxes) {
    const node = $(`graph-n${box}`);
    node.classList.add("goes");
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", "0");
    node.setAttribute("aria-label", tensors.length > 1 ? plural(tensors.length, "tensor") : `go to ${tensors[0].name}`);
    const texts = [...node.querySelectorAll("text")];
    texts.findLast((text) => text.textContent === tensors[0].placeholder).classList.add("progress");
    node.addEventListener("click", () => visitBox(box));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        event.stopPropagation();
        visitBox(box);
      }
    });
  }
}

function showGraph() {
  const step = steps[position - 1];
  const boxOfStep = step ? data.tensors.find((tensor) => tensor.step === position).box : null;
  const receiving = new Set(step && !step.problem ? data.tensors.filter((t) => t.contributors.includes(position)).map((t) => t.box) : []);
  for (const [box, tensors] of boxes) {
    const node = $(`graph-n${box}`);
    const [state, text] = progressText(tensors);
    node.classList.remove("nothing", "partly", "complete");
    node.classList.add(state);
    node.classList.toggle("current", box === boxOfStep);
    node.querySelector(".progress").textContent = text;
    if (box === boxOfStep) node.setAttribute("aria-current", "step");
    else node.removeAttribute("aria-current");
  }
  for (const edge of document.querySelectorAll("#graph .edge")) {
    const flows = Number(edge.dataset.target) === boxOfStep && receiving.has(Number(edge.dataset.source));
    edge.classList.toggle("flowing", flows);
  }
  if (boxOfStep !== null) scrollGraphTo($(`graph-n${boxOfStep}`));
}

/** Scrolls the graph's own panel only, never the page. */
function scrollGraphTo(node) {
  const panel = document.querySelector(".graph");
  const outer = panel.getBoundingClientRect();
  const inner = node.getBoundingClientRect();
  panel.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
  panel.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
}
