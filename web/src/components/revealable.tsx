import { Eye, EyeOff } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./ui/button";

interface RevealableProps {
  /** What it is called: "the password". */
  what: string;
  revealed: boolean;
  onChange: (revealed: boolean) => void;
  /** The input, with room at its right. */
  children: ReactNode;
}

/** An input for a secret, with a button to look at what was entered. */
export function Revealable({ what, revealed, onChange, children }: RevealableProps) {
  return (
    <div className="relative">
      {children}
      <Button
        variant="ghost"
        size="icon-sm"
        className="absolute top-0.5 right-0.5"
        aria-label={`${revealed ? "Hide" : "Show"} ${what}`}
        aria-pressed={revealed}
        onClick={() => onChange(!revealed)}
      >
        {revealed ? <EyeOff /> : <Eye />}
      </Button>
    </div>
  );
}
