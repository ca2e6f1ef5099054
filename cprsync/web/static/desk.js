// Small comforts. Every page works without them.
"use strict";

// What went wrong, or was done, is read first.
document.querySelector("[data-focus]")?.focus();

// A form is sent once: a second click does nothing.
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

// A page that comes back from the browser's memory takes forms again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
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

// A slash leads to the box, wherever nothing is being typed.
addEventListener("keydown", (event) => {
  const typing = /^(input|select|textarea)$/i.test(event.target.tagName);
  if (event.key !== "/" || typing || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const box = document.getElementById("typed");
  if (box) box.focus();
  else location.assign("/");
});
