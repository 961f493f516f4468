import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useShortcut } from "@/lib/shortcuts";
import type { LiveState } from "./use-live";

const LOOKS = {
  on: { word: "Live", dot: "bg-success", title: "Pause" },
  connecting: { word: "Connecting", dot: "bg-warning", title: "Pause" },
  refused: { word: "Not live", dot: "bg-danger", title: "Pause" },
  off: { word: "Paused", dot: "bg-muted-foreground", title: "Show new executions as they come" },
};

interface LiveToggleProps {
  state: LiveState;
  /** The time that is shown is over. */
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** Whether new executions are shown as they come. */
export function LiveToggle({ state, disabled, onChange }: LiveToggleProps) {
  const { word, dot, title } = LOOKS[typeof state === "string" ? state : "refused"];
  const toggle = () => !disabled && onChange(state === "off");
  useShortcut({ keys: "l", label: "Pause or go on live", run: toggle });
  return (
    <Button
      aria-pressed={state !== "off"}
      aria-keyshortcuts="l"
      title={title}
      disabled={disabled}
      onClick={toggle}
      className="w-30 justify-start font-normal"
    >
      <span className="relative flex size-2" aria-hidden>
        <span className={cn("size-2 rounded-full", dot)} />
      </span>
      {word}
    </Button>
  );
}
