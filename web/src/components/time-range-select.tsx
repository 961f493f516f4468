import { CalendarDays, Check, ChevronDown } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { cn } from "@/lib/cn";
import { formatMoment } from "@/lib/format";
import { fromLocalField, type Preset, presetLabel, type RangeSearch, toLocalField } from "@/lib/time-range";
import { Button } from "./ui/button";
import { Input } from "./ui/input";
import { Popover, PopoverContent, PopoverTrigger } from "./ui/popover";

interface TimeRangeSelectProps {
  value: RangeSearch;
  /** Given all members, so that what is not chosen is taken out of an address. */
  onChange: (value: RangeSearch) => void;
  presets: readonly Preset[];
  /** Without "from here to there". */
  presetsOnly?: boolean;
  /** What no choice means: "Any time". Without it, there is always one. */
  whole?: string;
}

const NONE = { range: undefined, from: undefined, to: undefined };

/** Chooses a time: one that ends now, or one from here to there. */
export function TimeRangeSelect({ value, onChange, presets, presetsOnly, whole }: TimeRangeSelectProps) {
  const [open, setOpen] = useState(false);
  function choose(next: RangeSearch) {
    onChange({ ...NONE, ...next });
    setOpen(false);
  }
  const custom = value.from !== undefined || value.to !== undefined;
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button
          aria-label={`Time: ${labelOf(value, whole)}`}
          className={cn("max-w-full font-normal", (value.range || custom) && whole && "border-ring")}
        >
          <CalendarDays className="text-muted-foreground" aria-hidden />
          <span className="truncate">{labelOf(value, whole)}</span>
          <ChevronDown className="text-muted-foreground" aria-hidden />
        </Button>
      </PopoverTrigger>
      <PopoverContent className="w-72 p-0" aria-label="Time">
        <ul className="grid grid-cols-2 gap-0.5 p-1">
          {whole && (
            <Choice
              label={whole}
              chosen={!value.range && !custom}
              onClick={() => choose({})}
              className="col-span-2"
            />
          )}
          {presets.map((preset) => (
            <Choice
              key={preset}
              label={presetLabel(preset)}
              chosen={value.range === preset}
              onClick={() => choose({ range: preset })}
            />
          ))}
        </ul>
        {!presetsOnly && <Ends key={`${value.from} ${value.to}`} value={value} onChoose={choose} />}
      </PopoverContent>
    </Popover>
  );
}

interface ChoiceProps {
  label: string;
  chosen: boolean;
  onClick: () => void;
  className?: string;
}

function Choice({ label, chosen, onClick, className }: ChoiceProps) {
  return (
    <li className={className}>
      <Button
        variant="ghost"
        aria-pressed={chosen}
        onClick={onClick}
        className={cn(
          "w-full justify-start px-2 font-normal text-foreground",
          chosen && "bg-muted font-medium",
        )}
      >
        <span className="truncate">{label}</span>
        {chosen && <Check className="ml-auto" aria-hidden />}
      </Button>
    </li>
  );
}

interface EndsProps {
  value: RangeSearch;
  onChoose: (value: RangeSearch) => void;
}

function Ends({ value, onChoose }: EndsProps) {
  const [from, setFrom] = useState(() => toLocalField(value.from));
  const [to, setTo] = useState(() => toLocalField(value.to));
  const id = useId();
  const backwards = from !== "" && to !== "" && from >= to;
  function submit(event: FormEvent) {
    event.preventDefault();
    onChoose({ from: fromLocalField(from), to: fromLocalField(to) });
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-2 border-t p-3">
      <div className="flex items-center gap-2">
        <label htmlFor={`${id}-from`} className="w-10 shrink-0 text-muted-foreground">
          From
        </label>
        <Input
          id={`${id}-from`}
          type="datetime-local"
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </div>
      <div className="flex items-center gap-2">
        <label htmlFor={`${id}-to`} className="w-10 shrink-0 text-muted-foreground">
          To
        </label>
        <Input
          id={`${id}-to`}
          type="datetime-local"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          aria-invalid={backwards}
          aria-describedby={backwards ? `${id}-fault` : undefined}
        />
      </div>
      {backwards && (
        <p id={`${id}-fault`} className="text-danger text-xs">
          The end is before the beginning.
        </p>
      )}
      <Button type="submit" size="sm" className="self-end" disabled={backwards || (!from && !to)}>
        Apply
      </Button>
    </form>
  );
}

function labelOf({ range, from, to }: RangeSearch, whole = ""): string {
  if (range) return presetLabel(range);
  if (from && to) return `${shortly(from)} – ${shortly(to)}`;
  if (from) return `Since ${shortly(from)}`;
  return to ? `Before ${shortly(to)}` : whole;
}

/** To the minute. */
function shortly(time: string): string {
  return formatMoment(time).replace(/(\d\d:\d\d):\d\d/, "$1");
}
