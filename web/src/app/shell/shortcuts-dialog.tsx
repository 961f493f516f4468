import { Dialog, DialogBody, DialogContent } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { type Shortcut, shortcuts, useShortcut } from "@/lib/shortcuts";
import { createStore, useStore } from "@/lib/store";

export const shortcutsOpen = createStore(false);

/** What `?` shows: the keys of this page and of all pages. */
export function ShortcutsDialog() {
  const open = useStore(shortcutsOpen);
  useShortcut({
    keys: "?",
    label: "Show the keyboard shortcuts",
    group: "Everywhere",
    run: () => shortcutsOpen.set(true),
  });
  return (
    <Dialog open={open} onOpenChange={shortcutsOpen.set}>
      <DialogContent title="Keyboard shortcuts" className="w-[min(28rem,calc(100vw-2rem))]">
        <DialogBody>
          <Groups />
        </DialogBody>
      </DialogContent>
    </Dialog>
  );
}

function Groups() {
  const groups = Map.groupBy(listed(useStore(shortcuts)), ({ group }) => group ?? "This page");
  const sorted = [...groups].sort(([one], [other]) => order(one) - order(other));
  return sorted.map(([group, entries]) => (
    <section key={group} className="mb-4 last:mb-0">
      <h3 className="mb-1 text-muted-foreground text-xs">{group}</h3>
      <dl>
        {entries.map(({ keys, label }) => (
          <div key={keys} className="flex min-h-8 items-center justify-between gap-4">
            <dt>{label}</dt>
            <dd>
              <Kbd keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  ));
}

function listed(all: readonly Shortcut[]): Shortcut[] {
  const byKeys = new Map(all.filter(({ label }) => label).map((shortcut) => [shortcut.keys, shortcut]));
  return [...byKeys.values()];
}

function order(group: string): number {
  return ["This page", "Everywhere", "Pages"].indexOf(group);
}
