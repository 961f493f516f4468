import { X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import type { LogConditions } from "./filters";
import { useValues } from "./use-values";
import { ValueList } from "./value-list";
import { changeTo, DIMENSIONS, type Dimension } from "./values";

interface FilterChipProps {
  name: Dimension;
  values: readonly string[];
  conditions: LogConditions;
  onChange: (change: Record<string, unknown>) => void;
}

/** A filter that is set: a click changes it, its cross or Backspace takes it away. */
export function FilterChip({ name, values, conditions, onChange }: FilterChipProps) {
  const [open, setOpen] = useState(false);
  const { label } = DIMENSIONS[name];
  const words = useWords(name, values, conditions);
  const remove = () => onChange(changeTo(name, []));
  function removeByKey() {
    document.querySelector<HTMLElement>("#page [data-page-filter]")?.focus();
    remove();
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.target !== event.currentTarget || !/^(Backspace|Delete)$/.test(event.key)) return;
    event.preventDefault();
    removeByKey();
  }
  return (
    <span className="flex h-8 min-w-0 max-w-full items-center rounded-md border border-ring bg-card">
      <Popover open={open} onOpenChange={setOpen}>
        <PopoverTrigger asChild>
          <Button
            variant="ghost"
            size="sm"
            onKeyDown={onKeyDown}
            className="h-full min-w-0 rounded-r-none font-normal text-sm"
          >
            <span className="whitespace-pre">{`${label} is `}</span>
            <span className="-ml-1.5 max-w-40 truncate font-medium text-foreground">{words}</span>
          </Button>
        </PopoverTrigger>
        <PopoverContent className="w-72 p-0" aria-label={label}>
          <ValueList
            name={name}
            conditions={conditions}
            chosen={values}
            onChange={(next, more) => {
              onChange(changeTo(name, next));
              if (!more) setOpen(false);
            }}
          />
        </PopoverContent>
      </Popover>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Remove ${label.toLowerCase()}`}
        // A click of the keyboard's counts as none.
        onClick={({ detail }) => (detail === 0 ? removeByKey() : remove())}
        className="h-full rounded-l-none [&_svg]:size-3.5"
      >
        <X aria-hidden />
      </Button>
    </span>
  );
}

/** Its values as people call them. */
function useWords(name: Dimension, values: readonly string[], conditions: LogConditions): string {
  const isId = name !== "status_code" && name !== "error_code";
  const { options = [] } = useValues(name, conditions, isId);
  const called = values.map(
    (value) => options.find((option) => option.value === value)?.label ?? shortened(value),
  );
  return called.join(", ");
}

function shortened(value: string): string {
  return value.length === 36 ? `…${value.slice(-6)}` : value;
}
