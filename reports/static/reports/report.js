/* Report #0442: copies its address, and prints. Both buttons show only where this runs. */
(() => {
  "use strict";
  const said = document.getElementById("copied");
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const address = new URL(button.dataset.copy, location.href).href;
      try {
        await navigator.clipboard.writeText(address);
        said.textContent = "The link was copied.";
        button.querySelector("span").textContent = "Copied";
      } catch {
        said.textContent = "Your browser does not let the link be copied.";
      }
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
