import { useEffect } from "react";
import { readSetting, writeSetting } from "@/lib/local-setting";
import { createStore, useStore } from "@/lib/store";

export type Theme = "light" | "dark" | "system";

const DARK = "(prefers-color-scheme: dark)";
const chosen = createStore<Theme>(initialTheme());

function initialTheme(): Theme {
  const kept = readSetting("theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  return [useStore(chosen), setTheme];
}

export function setTheme(theme: Theme): void {
  chosen.set(theme);
  writeSetting("theme", theme === "system" ? null : theme);
}

/** Keeps the page in the chosen theme; before the first paint, first-paint.js has put it there. */
export function useAppliedTheme(): void {
  const theme = useStore(chosen);
  useEffect(() => {
    const system = matchMedia(DARK);
    const apply = () => {
      const dark = theme === "dark" || (theme === "system" && system.matches);
      document.documentElement.classList.toggle("dark", dark);
    };
    apply();
    system.addEventListener("change", apply);
    return () => system.removeEventListener("change", apply);
  }, [theme]);
}
