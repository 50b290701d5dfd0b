// Sets light or dark before anything is painted: what the person chose here, else the system's.
(function () {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("lrm-theme");
    } catch {
      return null; // Storage may be forbidden; the system's choice is as good.
    }
  }

  function apply() {
    document.documentElement.dataset.bsTheme = chosen() || (dark.matches ? "dark" : "light");
  }

  dark.addEventListener("change", apply);
  document.addEventListener("lrm:theme", apply);
  apply();
})();
