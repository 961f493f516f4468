import { afterEach, describe, expect, it, vi } from "vitest";
import { findShortcut, listenForShortcuts, type Shortcut, strokeOf } from "./shortcuts";

const key = (name: string, modifiers: Partial<KeyboardEvent> = {}) =>
  strokeOf({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...modifiers });

const shortcut = (keys: string, everywhere = false): Shortcut => ({ keys, everywhere, run: () => undefined });

describe("what was pressed", () => {
  it("is the same with Ctrl as with Command", () => {
    expect(key("k", { ctrlKey: true })).toBe("mod+k");
    expect(key("K", { metaKey: true })).toBe("mod+k");
  });

  it("has the character that Shift made", () => {
    expect(key("?")).toBe("?");
    expect(key("Enter")).toBe("enter");
  });
});

describe("the keyboard", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("may tell of a key without a name, as when a browser fills a field in", () => {
    const addEventListener = vi.fn<(type: string, pressed: (event: Event) => void) => void>();
    vi.stubGlobal("window", { addEventListener });
    listenForShortcuts();
    const pressed = addEventListener.mock.lastCall?.[1];
    expect(() => pressed?.(new Event("keydown"))).not.toThrow();
    expect(pressed).toBeDefined();
  });
});

describe("which shortcut is meant", () => {
  const all = [shortcut("l"), shortcut("g l"), shortcut("mod+k", true)];

  it("prefers a sequence to its last key", () => {
    expect(findShortcut(all, ["g l", "l"], true)?.keys).toBe("g l");
    expect(findShortcut(all, ["x l", "l"], true)?.keys).toBe("l");
  });

  it("leaves the keys to a field that has the keyboard, but for those that work everywhere", () => {
    expect(findShortcut(all, ["l", "l"], false)).toBeUndefined();
    expect(findShortcut(all, ["mod+k", "mod+k"], false)?.keys).toBe("mod+k");
  });

  it("prefers what came last: a page's own", () => {
    const own = shortcut("l");

    expect(findShortcut([...all, own], ["l", "l"], true)).toBe(own);
  });
});
