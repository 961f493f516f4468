import { type ComponentProps, useState } from "react";
import { Revealable } from "@/components/revealable";
import { Input, Textarea } from "@/components/ui/input";
import { cn } from "@/lib/cn";

interface SecretInputProps extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  value: string;
  onChange: (value: string) => void;
  /** It has several lines, a private key for one. */
  long?: boolean;
}

/** What nobody may read over one's shoulder, unless it is revealed. No password manager keeps it. */
export function SecretInput({ value, onChange, long = false, className, ...props }: SecretInputProps) {
  const [revealed, setRevealed] = useState(false);
  const shared = {
    value,
    autoComplete: "off",
    spellCheck: false,
    "data-1p-ignore": true,
    "data-lpignore": true,
    className: cn("pr-9 font-mono", className),
  };
  return (
    <Revealable what="it" revealed={revealed} onChange={setRevealed}>
      {long ? (
        <Textarea
          id={props.id}
          required={props.required}
          aria-describedby={props["aria-describedby"]}
          aria-invalid={props["aria-invalid"]}
          {...shared}
          rows={4}
          className={cn(shared.className, !revealed && "[-webkit-text-security:disc]")}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <Input
          {...props}
          {...shared}
          type={revealed ? "text" : "password"}
          autoComplete={revealed ? "off" : "new-password"}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Revealable>
  );
}
