// The live table: a person may pause it, a hidden tab does not ask, and what is open stays open.
(function () {
  "use strict";
  const button = document.querySelector("[data-pause-updates]");
  let paused = false;
  let open = [];

  if (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      paused = !paused;
      button.classList.toggle("is-paused", paused);
      button.lastChild.textContent = paused ? "Resume updates" : "Pause updates";
    });
  }

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.id !== "documents") return;
    if (paused || document.hidden) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.target.id !== "documents") return;
    open = [...document.querySelectorAll("#documents details[open][id]")].map((one) => one.id);
  });

  // The bell and the line of freshness are swapped, too: after those, what is closed stays closed.
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.target.id !== "documents") return;
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
  });
})();
