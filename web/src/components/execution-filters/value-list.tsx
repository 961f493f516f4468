import { Check } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { problemOf } from "@/api";
import type { Option } from "@/components/filter-select";
import { Command, CommandEmpty, CommandInput, CommandItem, CommandList } from "@/components/ui/command";
import { SkeletonRows } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { formatNumber } from "@/lib/format";
import type { LogConditions } from "./filters";
import { useValues } from "./use-values";
import { DIMENSIONS, type Dimension } from "./values";

interface ValueListProps {
  name: Dimension;
  conditions: LogConditions;
  chosen: readonly string[];
  /** `more`: others may follow, the list stays open. */
  onChange: (values: string[], more: boolean) => void;
  /** Backspace, where nothing is typed. */
  onBack?: () => void;
}

/** The values of a filter, with how often each was; typing finds them. */
export function ValueList({ name, conditions, chosen, onChange, onBack }: ValueListProps) {
  const { label, typed = false, several = false } = DIMENSIONS[name];
  const [text, setText] = useState("");
  const { options, error } = useValues(name, conditions, true);
  const free = typed ? text.trim() : "";
  function choose(value: string) {
    if (!several) return onChange(chosen.includes(value) ? [] : [value], false);
    onChange(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value], true);
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Backspace" || text !== "" || !onBack) return;
    event.preventDefault();
    onBack();
  }
  return (
    <Command label={label} onKeyDown={onKeyDown}>
      <CommandInput value={text} onValueChange={setText} placeholder={`${label} …`} autoFocus />
      <CommandList>
        {options ? (
          <>
            {!free && (
              <CommandEmpty>
                {error
                  ? problemOf(error).message
                  : text
                    ? "Nothing is called that."
                    : "Nothing in this time."}
              </CommandEmpty>
            )}
            {options.map((option) => (
              <Value
                key={option.value}
                option={option}
                chosen={chosen.includes(option.value)}
                onSelect={() => choose(option.value)}
              />
            ))}
            {free && !options.some(({ value }) => value === free) && (
              <CommandItem value={`= ${free}`} onSelect={() => choose(free)}>
                <Check className="invisible" aria-hidden /> Exactly <code>{free}</code>
              </CommandItem>
            )}
          </>
        ) : (
          <SkeletonRows rows={4} />
        )}
      </CommandList>
    </Command>
  );
}

interface ValueProps {
  option: Option;
  chosen: boolean;
  onSelect: () => void;
}

function Value({ option: { value, label, icon, detail, count }, chosen, onSelect }: ValueProps) {
  return (
    <CommandItem value={value} keywords={[label]} onSelect={onSelect} aria-checked={chosen}>
      <Check className={cn("text-foreground!", !chosen && "invisible")} aria-hidden />
      {icon}
      <span className="min-w-0 truncate">{label}</span>
      {detail && <span className="min-w-0 truncate text-muted-foreground">{detail}</span>}
      {count !== undefined && (
        <span className="ml-auto pl-2 text-muted-foreground text-xs">{formatNumber(count)}</span>
      )}
    </CommandItem>
  );
}
