/** A preference kept in this browser. Never a secret: every script of the page can read it. */
export function readSetting(name: string): string | null {
  try {
    return localStorage.getItem(`portway.${name}`);
  } catch {
    return null; // storage is switched off
  }
}

export function writeSetting(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`portway.${name}`);
    else localStorage.setItem(`portway.${name}`, value);
  } catch {
    // Kept for this page alone, then.
  }
}

/** Calls this when another tab has changed it. */
export function onSettingChanged(name: string, listener: (value: string | null) => void): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === `portway.${name}`) listener(newValue);
  });
}
