// Pausing the live table: a person may stop it, and a hidden tab does not ask.
(function () {
  "use strict";
  const button = document.querySelector("[data-pause-updates]");
  let paused = false;

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
})();
