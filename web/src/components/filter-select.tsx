import { Check, ChevronDown } from "lucide-react";
import { type ReactNode, useState } from "react";
import { cn } from "@/lib/cn";
import { formatNumber } from "@/lib/format";
import { Button } from "./ui/button";
import { Command, CommandEmpty, CommandGroup, CommandInput, CommandItem, CommandList } from "./ui/command";
import { Popover, PopoverContent, PopoverTrigger } from "./ui/popover";

export interface Option {
  value: string;
  label: string;
  /** Before the label: a logo, an icon. */
  icon?: ReactNode;
  /** After the label, quieter. */
  detail?: string;
  /** How many there are. */
  count?: number;
}

interface FilterSelectProps {
  label: string;
  options: readonly Option[];
  value: readonly string[] | undefined;
  onChange: (value: string[] | undefined) => void;
  /** Only one can be chosen. */
  single?: boolean;
  /** For lists that are searched elsewhere: what was typed. */
  onQuery?: (query: string) => void;
}

/** Chooses one or several of a filter's values. */
export function FilterSelect({ label, options, value = [], onChange, single, onQuery }: FilterSelectProps) {
  const [open, setOpen] = useState(false);
  function toggle(choice: string) {
    const without = value.filter((other) => other !== choice);
    const next = without.length < value.length ? without : single ? [choice] : [...value, choice];
    onChange(next.length > 0 ? next : undefined);
    if (single) setOpen(false);
  }
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button className={cn("font-normal", value.length > 0 && "border-ring")}>
          <span className="text-muted-foreground">{label}</span>
          {value.length > 0 && (
            <span className="max-w-40 truncate font-medium">{summary(options, value)}</span>
          )}
          <ChevronDown className="text-muted-foreground" aria-hidden />
        </Button>
      </PopoverTrigger>
      <PopoverContent className="w-64 p-0" aria-label={label}>
        <Command label={label} shouldFilter={!onQuery}>
          {(options.length > 8 || onQuery) && (
            <CommandInput placeholder={`Find in ${label.toLowerCase()} …`} onValueChange={onQuery} />
          )}
          <CommandList>
            <CommandEmpty>Nothing is called that.</CommandEmpty>
            <CommandGroup>
              {options.map((option) => (
                <Choice
                  key={option.value}
                  option={option}
                  chosen={value.includes(option.value)}
                  onSelect={() => toggle(option.value)}
                />
              ))}
            </CommandGroup>
          </CommandList>
          {value.length > 0 && (
            <div className="border-t p-1">
              <Button variant="ghost" size="sm" className="w-full" onClick={() => onChange(undefined)}>
                Clear
              </Button>
            </div>
          )}
        </Command>
      </PopoverContent>
    </Popover>
  );
}

function Choice({ option, chosen, onSelect }: { option: Option; chosen: boolean; onSelect: () => void }) {
  return (
    <CommandItem value={option.value} keywords={[option.label]} onSelect={onSelect} aria-checked={chosen}>
      <Check className={cn("text-foreground!", !chosen && "invisible")} aria-hidden />
      {option.icon}
      <span className="min-w-0 truncate">{option.label}</span>
      {option.detail && <span className="min-w-0 truncate text-muted-foreground">{option.detail}</span>}
      {option.count !== undefined && (
        <span className="ml-auto text-muted-foreground text-xs">{formatNumber(option.count)}</span>
      )}
    </CommandItem>
  );
}

function summary(options: readonly Option[], value: readonly string[]): string {
  const first = options.find((option) => option.value === value[0])?.label ?? value[0] ?? "";
  return value.length > 1 ? `${first} +${value.length - 1}` : first;
}
