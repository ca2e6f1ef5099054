// Asks before a session ends, and lets it last on. Without it the page says until when, and shows a link in time.
"use strict";

const dialog = document.getElementById("session-ends");
if (dialog) watchOver(dialog);

function watchOver(dialog) {
  const { at, warns } = dialog.dataset;
  const button = dialog.querySelector("button");
  const said = document.getElementById("session-said");
  // other tabs of the same person let the session last on too
  const tabs = new BroadcastChannel(`cprsync ${at}`);
  let session = { ends: Date.now() + dialog.dataset.left * 1000, until: dialog.dataset.until, isLast: dialog.dataset.isLast === "yes" };
  let wasSeen = false;

  // the dialog says the same
  if (!session.isLast) document.getElementById("session-soon").remove();
  show();
  tabs.postMessage(session);
  tabs.addEventListener("message", ({ data }) => lastUntil(data));
  // not one long wait: a computer that has slept would come late
  setInterval(look, 1000);

  function left() {
    return (session.ends - Date.now()) / 1000;
  }

  function show() {
    dialog.dataset.state = session.isLast ? "last" : "soon";
    for (const place of dialog.querySelectorAll("[data-words]")) place.textContent = place.dataset.words.replace("{until}", session.until);
    for (const place of document.querySelectorAll("[data-until]:not(dialog)")) place.textContent = session.until;
  }

  function lastUntil(other) {
    session = other;
    wasSeen = false;
    show();
    // the browser puts the cursor back to where it was
    if (dialog.open && left() > warns) dialog.close();
  }

  function look() {
    if (left() > warns) return;
    if (left() <= 0 && dialog.dataset.state !== "ended") end();
    if (dialog.open || wasSeen) return;
    dialog.showModal();
    button.focus();
  }

  function end() {
    session.ends = 0;
    wasSeen = false;
    dialog.dataset.state = "ended";
  }

  async function answer() {
    if (["last", "ended"].includes(dialog.dataset.state)) {
      wasSeen = true;
      dialog.close();
      return;
    }
    try {
      const { headers } = await fetch(at, { cache: "no-store" });
      const seconds = Number(headers.get("Session-Left"));
      if (!seconds) return end();
      lastUntil({ ends: Date.now() + seconds * 1000, until: headers.get("Session-Until"), isLast: headers.get("Session-Is-Last") === "yes" });
      tabs.postMessage(session);
      said.textContent = said.dataset.said.replace("{until}", session.until);
    } catch {
      dialog.dataset.state = "failed";
    }
  }

  button.addEventListener("click", answer);
  // Escape is an answer too: somebody is there
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    answer();
  });
}
