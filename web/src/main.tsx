import "@/app/styles.css";
import "sonner/dist/styles.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/app";
import { pageNonce } from "@/lib/platform";

const MINUTE = 60_000;

const nonce = pageNonce();
// For the style element that keeps the page from scrolling behind a window.
if (nonce) setNonce(nonce);

// A part of the console is not there any more: a newer one was installed since this page was loaded.
window.addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem("portway.reloaded-at"));
  if (Date.now() - last < MINUTE) return;
  event.preventDefault();
  sessionStorage.setItem("portway.reloaded-at", String(Date.now()));
  location.reload();
});

const root = document.getElementById("root");
if (!root) throw new Error("The page has no place for the console.");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
