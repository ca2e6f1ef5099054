// What is typed in the other forms of a page goes along with the one that is sent, and stands there again afterwards.
// Without it a form keeps its own: also when the language is changed, by a button in the form.
"use strict";

// In signs. A form may have 64 KiB, and what goes along is encoded twice.
const ALONG_MAX = 16 * 1024;

for (const form of document.forms) {
  if (form.method === "post") form.addEventListener("submit", (event) => takeAlong(form, event));
}

// A page that comes back from the browser's memory is sent anew.
addEventListener("pageshow", () => document.querySelectorAll("input[name=along]").forEach((one) => one.remove()));

function takeAlong(form, event) {
  if (event.defaultPrevented) return;
  if ("language" in form.dataset) {
    const button = languageButton();
    if (button) {
      event.preventDefault();
      button.form.requestSubmit(button);
      return;
    }
  }
  let left = ALONG_MAX;
  for (const other of document.forms) {
    if (other === form || !isFilledIn(other)) continue;
    const value = contentOf(other);
    left -= value.length;
    if (left < 0) return;
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "along", value }));
  }
}

// The one of the form that is filled in, or of the only form that has one.
function languageButton() {
  const buttons = [...document.querySelectorAll("button.tongue")];
  return buttons.find((one) => isFilledIn(one.form)) ?? (buttons.length === 1 ? buttons[0] : undefined);
}

function isFilledIn(form) {
  return form.method === "post" && ("typed" in form.dataset || [...form.elements].some(isTyped));
}

function isTyped(field) {
  if (!field.matches("input, select, textarea") || ["hidden", "password"].includes(field.type)) return false;
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const proposed = [...field.options].find((one) => one.defaultSelected) ?? field.options[0];
  return !proposed?.selected;
}

// No code goes along.
function contentOf(form) {
  const content = new URLSearchParams(new FormData(form));
  content.delete("form_token");
  for (const code of form.querySelectorAll("input[type=password]")) content.delete(code.name);
  return `${form.getAttribute("action")}?${content}`;
}
