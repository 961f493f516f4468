import { ChevronRight, ListFilter } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Command, CommandEmpty, CommandInput, CommandItem, CommandList } from "@/components/ui/command";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { useShortcut } from "@/lib/shortcuts";
import type { ExecutionFilters, LogConditions } from "./filters";
import { ValueList } from "./value-list";
import { changeTo, DIMENSION_NAMES, DIMENSIONS, type Dimension, valuesOf } from "./values";

interface AddFilterProps {
  names?: readonly Dimension[];
  filters: ExecutionFilters;
  conditions: LogConditions;
  onChange: (change: Record<string, unknown>) => void;
}

/** Chooses what to filter by, then its value. */
export function AddFilter({ names = DIMENSION_NAMES, filters, conditions, onChange }: AddFilterProps) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState<Dimension>();
  useShortcut({ keys: "f", label: "Add a filter", run: () => setOpen(true) });
  function show(next: boolean) {
    setOpen(next);
    setName(undefined);
  }
  return (
    <Popover open={open} onOpenChange={show}>
      <PopoverTrigger asChild>
        <Button className="font-normal" aria-keyshortcuts="f">
          <ListFilter className="text-muted-foreground" aria-hidden /> Filter
        </Button>
      </PopoverTrigger>
      <PopoverContent className="w-72 p-0" aria-label="Add a filter">
        {name ? (
          <ValueList
            name={name}
            conditions={conditions}
            chosen={valuesOf(filters, name)}
            onBack={() => setName(undefined)}
            onChange={(values, more) => {
              onChange(changeTo(name, values));
              if (!more) show(false);
            }}
          />
        ) : (
          <Dimensions names={names} onChoose={setName} />
        )}
      </PopoverContent>
    </Popover>
  );
}

interface DimensionsProps {
  names: readonly Dimension[];
  onChoose: (name: Dimension) => void;
}

function Dimensions({ names, onChoose }: DimensionsProps) {
  return (
    <Command label="Filter by">
      <CommandInput placeholder="Filter by …" autoFocus />
      <CommandList>
        <CommandEmpty>Nothing is called that.</CommandEmpty>
        {names.map((name) => {
          const { label, icon: Icon } = DIMENSIONS[name];
          return (
            <CommandItem key={name} value={name} keywords={[label]} onSelect={() => onChoose(name)}>
              <Icon aria-hidden /> {label}
              <ChevronRight className="ml-auto" aria-hidden />
            </CommandItem>
          );
        })}
      </CommandList>
    </Command>
  );
}
