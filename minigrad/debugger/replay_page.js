"use strict";

// All numbers come from Python; here they are only put into words, tables and colours.
// What recurs is written once, under `shared`; `{"$": 3}` stands for the third of it.
let shared = [];
const data = JSON.parse(document.getElementById("data").textContent, (name, value) => {
  if (name === "shared") shared = value;
  return value !== null && typeof value === "object" && "$" in value ? shared[value.$] : value;
}).page;
const steps = data.steps;
const END = steps.length + (steps.at(-1)?.problem ? 0 : 1); // a pass that fails has no end
let position = 1;

const $ = (id) => document.getElementById(id);

/** An element with attributes (functions are listeners) and children (strings are text). */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null));
  return element;
}
