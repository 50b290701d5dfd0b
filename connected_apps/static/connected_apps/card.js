// The Xero card does not renew itself under an open menu, nor in a hidden tab; what is open in it
// stays open when all of it is swapped.
(function () {
  "use strict";
  let open = [];

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.id !== "xero-live") return;
    if (document.hidden || document.querySelector("#xero-menu[open]")) event.preventDefault();
  });

  // Its live part asks; which part is swapped, the answer says.
  document.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.id !== "xero-card") return;
    open = [...document.querySelectorAll("#xero-card details[open][id]")].map((one) => one.id);
  });

  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.target.id !== "xero-card") return;
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
  });
})();
