// Small conveniences on top of pages that work without them.
(function () {
  "use strict";

  function switchTheme() {
    const dark = document.documentElement.dataset.bsTheme === "dark";
    try {
      localStorage.setItem("lrm-theme", dark ? "light" : "dark");
    } catch {
      return;
    }
    document.dispatchEvent(new Event("lrm:theme"));
  }

  function closePops(except) {
    for (const pop of document.querySelectorAll("details.pop[open]")) {
      if (pop !== except) pop.open = false;
    }
  }

  // Without script the link loads the page with all boxes ticked.
  function chooseAll(event, link) {
    event.preventDefault();
    const boxes = [...link.closest("form").querySelectorAll(`input[name="${link.dataset.choose}"]`)];
    const all = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = all;
  }

  for (const button of document.querySelectorAll("[data-theme-switch]")) button.hidden = false;

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-theme-switch]")) switchTheme();
    const chooser = event.target.closest("[data-choose]");
    if (chooser) chooseAll(event, chooser);
    closePops(event.target.closest("details.pop"));
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.pop[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // The bell looks for news now and then; not while somebody reads it, nor in a hidden tab.
  document.addEventListener("htmx:beforeRequest", function (event) {
    const bell = event.target;
    if (bell.id !== "bell") return;
    const inside = bell.open || bell.contains(document.activeElement);
    if (inside || document.hidden) event.preventDefault();
  });

  // "12 learners" is read out after a search, once the table has been replaced.
  document.addEventListener("htmx:afterSwap", function () {
    const said = document.querySelector("[data-announce]");
    const live = document.getElementById("live");
    if (said && live && live.textContent !== said.textContent) live.textContent = said.textContent;
  });
})();
