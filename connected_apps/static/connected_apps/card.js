// The Xero card does not renew itself under an open menu, nor in a hidden tab.
(function () {
  "use strict";
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.target.id !== "xero-live") return;
    if (document.hidden || document.querySelector("#xero-menu[open]")) event.preventDefault();
  });
})();
