// Small conveniences on top of pages that work without them.
(function () {
  "use strict";

  function say(words) {
    const said = document.getElementById("said");
    if (said) said.textContent = words;
  }

  // --- Light or dark ------------------------------------------------------------------------

  function chosenTheme() {
    try {
      return localStorage.getItem("lrm-theme") || "";
    } catch {
      return "";
    }
  }

  function showTheme() {
    for (const choice of document.querySelectorAll("[data-theme-choice]")) {
      choice.hidden = false;
      for (const button of choice.querySelectorAll("button")) {
        button.setAttribute("aria-pressed", String(button.value === chosenTheme()));
      }
    }
  }

  function chooseTheme(theme) {
    try {
      if (theme) localStorage.setItem("lrm-theme", theme);
      else localStorage.removeItem("lrm-theme");
    } catch {
      return;
    }
    document.dispatchEvent(new Event("lrm:theme"));
    showTheme();
  }

  showTheme();

  // --- Pop-ups ------------------------------------------------------------------------------

  function closePops(except) {
    for (const pop of document.querySelectorAll("details.pop[open]")) {
      if (pop !== except) pop.open = false;
    }
  }

  // A pop-up that stays open when Tab leaves it would hide what has the focus then.
  document.addEventListener("focusout", function (event) {
    const pop = event.target.closest && event.target.closest("details.pop[open]");
    if (pop && event.relatedTarget && !pop.contains(event.relatedTarget)) pop.open = false;
  });

  // --- Tables that scroll sideways take the focus -------------------------------------------

  function letTablesScroll() {
    for (const one of document.querySelectorAll(".table-scroll")) {
      const scrolls = one.scrollWidth > one.clientWidth + 1;
      if (scrolls === one.hasAttribute("tabindex")) continue;
      if (!scrolls) {
        for (const name of ["tabindex", "role", "aria-label"]) one.removeAttribute(name);
        continue;
      }
      const caption = one.querySelector("caption");
      one.setAttribute("tabindex", "0");
      one.setAttribute("role", "region");
      one.setAttribute("aria-label", caption ? caption.textContent : "Table");
    }
  }

  window.addEventListener("resize", letTablesScroll);
  letTablesScroll();

  // --- Choosing all, opening the search -----------------------------------------------------

  // Without script the link loads the page with all boxes ticked.
  function chooseAll(event, link) {
    event.preventDefault();
    const boxes = [...link.closest("form").querySelectorAll(`input[name="${link.dataset.choose}"]`)];
    const all = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = all;
  }

  // With a key of its own and Ctrl: a letter alone would get in the way of people who dictate.
  function openSearch(event) {
    const field = [...document.querySelectorAll("[data-find]")].find((one) => one.offsetParent);
    const link = document.querySelector(".find-link");
    if (!field && !link) return;
    event.preventDefault();
    if (!field) return link.click();
    field.focus();
    field.select();
  }

  for (const hint of document.querySelectorAll(".find kbd")) {
    hint.hidden = false;
    if (/Mac|iPhone|iPad/.test(navigator.platform)) hint.textContent = "⌘ K";
  }

  document.addEventListener("click", function (event) {
    const theme = event.target.closest("[data-theme-choice] button");
    if (theme) chooseTheme(theme.value);
    const chooser = event.target.closest("[data-choose]");
    if (chooser) chooseAll(event, chooser);
    closePops(event.target.closest("details.pop"));
  });

  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
      return openSearch(event);
    }
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.pop[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // --- Parts that renew themselves ----------------------------------------------------------

  let unread = 0;

  // The bell looks for news now and then; not while somebody reads it, nor in a hidden tab.
  document.addEventListener("htmx:beforeRequest", function (event) {
    const bell = event.target;
    if (bell.id !== "bell") return;
    unread = Number(bell.dataset.unread);
    const inside = bell.open || bell.contains(document.activeElement);
    if (inside || document.hidden) event.preventDefault();
  });

  // --- Parts whose answer would load the page anew, as where the session has ended ------------

  let sending = null;

  // A search loses nothing: only what would be sent.
  document.addEventListener("input", function (event) {
    const form = event.target.form;
    if (form && form.method === "post") sending = form;
  });

  // What somebody has typed would be gone before they knew.
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    const isByItself = event.detail.elt.matches("[hx-trigger*='every']");
    const loadsAnew = event.detail.xhr.getResponseHeader("HX-Refresh") === "true";
    if (!isByItself || !loadsAnew || !sending || !sending.isConnected) return;
    event.preventDefault();
    sayNotSaved();
  });

  function sayNotSaved() {
    if (document.getElementById("not-saved")) return;
    const note = document.createElement("p");
    note.textContent = "You were signed out, or this page is out of date. "
      + "Copy what you typed, which is not saved, then load the page again.";
    const frame = document.createElement("div");
    frame.id = "not-saved";
    frame.className = "note note-warning";
    frame.append(note);
    document.querySelector(".messages").append(frame);
    say(note.textContent);
  }

  // A new notice, and "12 learners" after a search, are read out once they are there.
  document.addEventListener("htmx:afterSwap", function () {
    const bell = document.getElementById("bell");
    if (bell && Number(bell.dataset.unread) > unread) {
      const newest = bell.querySelector(".notice.unread :is(a, span)");
      if (newest) say(`New notice: ${newest.textContent}`);
    }
    if (bell) unread = Number(bell.dataset.unread);
    const found = document.querySelector("[data-announce]");
    const live = document.getElementById("live");
    if (found && live && live.textContent !== found.textContent) live.textContent = found.textContent;
    letTablesScroll();
  });

  const bell = document.getElementById("bell");
  if (bell) unread = Number(bell.dataset.unread);
})();
