// Small comforts. Every page works without them.
"use strict";

// A form is sent once: a second click sends nothing, and says so.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      sayThatSent(form);
    }
    form.dataset.sent = "yes";
  });
}

function sayThatSent(form) {
  document.getElementById("sent")?.remove();
  const said = document.createElement("p");
  Object.assign(said, { id: "sent", className: "hint", tabIndex: -1, textContent: document.body.dataset.sent });
  form.append(said);
  said.focus();
}

// A page that comes back from the browser's memory takes forms again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  document.getElementById("sent")?.remove();
});

// A scanner ends with Enter: that leads on to the next field, and sends no form that is not filled in.
for (const input of document.querySelectorAll("[data-scanned]")) {
  input.addEventListener("keydown", (event) => {
    const fields = [...input.form.querySelectorAll("input:not([type=hidden]), select, textarea")];
    const next = fields[fields.indexOf(input) + 1];
    if (event.key !== "Enter" || !input.value || !next) return;
    event.preventDefault();
    next.focus();
  });
}

// A refused value is marked: what is typed or scanned next takes its place. Marking alone leaves it outside the window.
const refused = document.querySelector("input[autofocus][aria-invalid]");
refused?.focus();
refused?.select();

// "Ret" leads into its form, and Escape back out of it.
for (const fold of document.querySelectorAll(".change")) {
  const summary = fold.querySelector("summary");
  summary.addEventListener("click", () => {
    if (!fold.open) setTimeout(() => fold.querySelector("[data-first]")?.focus());
  });
  fold.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !fold.open) return;
    fold.open = false;
    summary.focus();
  });
}

// A slash leads to the box, wherever nothing is being typed.
addEventListener("keydown", (event) => {
  const typing = /^(input|select|textarea)$/i.test(event.target.tagName);
  if (event.key !== "/" || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const box = document.getElementById("typed");
  if (box) box.focus();
  else location.assign("/");
});
