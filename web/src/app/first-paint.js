// Runs before the first paint, as a plain script: a theme chosen later would flash.
(() => {
  const chosen = localStorage.getItem("portway.theme");
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
