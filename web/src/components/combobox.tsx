import { Check, ChevronsUpDown } from "lucide-react";
import { useState } from "react";
import { cn } from "@/lib/cn";
import type { Option } from "./filter-select";
import { Button } from "./ui/button";
import { Command, CommandEmpty, CommandGroup, CommandInput, CommandItem, CommandList } from "./ui/command";
import { Popover, PopoverContent, PopoverTrigger } from "./ui/popover";

interface ComboboxProps {
  /** What is chosen here, for screen readers; or an id from a Field. */
  label?: string;
  id?: string;
  options: readonly Option[];
  value: string | undefined;
  onChange: (value: string) => void;
  placeholder: string;
  /** For lists that are searched elsewhere: what was typed. */
  onQuery?: (query: string) => void;
  empty?: string;
  disabled?: boolean;
  className?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

/** Chooses one of many, by typing a part of its name. For a few, a Select. */
export function Combobox({ options, value, onChange, placeholder, onQuery, empty, ...props }: ComboboxProps) {
  const [open, setOpen] = useState(false);
  // What was chosen may not be among those that are found now.
  const [picked, setPicked] = useState<Option>();
  const chosen = [...options, picked].find((option) => option?.value === value);
  function change(next: boolean) {
    setOpen(next);
    if (!next) onQuery?.("");
  }
  return (
    <Popover open={open} onOpenChange={change}>
      <PopoverTrigger asChild>
        <Button
          id={props.id}
          disabled={props.disabled}
          role="combobox"
          aria-expanded={open}
          aria-label={props.label}
          aria-describedby={props["aria-describedby"]}
          aria-invalid={props["aria-invalid"]}
          className={cn("w-full justify-start font-normal aria-invalid:border-danger", props.className)}
        >
          {chosen?.icon}
          <span className={cn("min-w-0 flex-1 truncate text-left", !chosen && "text-muted-foreground")}>
            {chosen?.label ?? placeholder}
          </span>
          <ChevronsUpDown className="text-muted-foreground" aria-hidden />
        </Button>
      </PopoverTrigger>
      <PopoverContent
        className="w-(--radix-popover-trigger-width) min-w-64 p-0"
        aria-label={props.label ?? placeholder}
      >
        <Command label={props.label ?? placeholder} shouldFilter={!onQuery}>
          <CommandInput placeholder="Search …" onValueChange={onQuery} />
          <CommandList>
            <CommandEmpty>{empty ?? "Nothing is called that."}</CommandEmpty>
            <CommandGroup>
              {options.map((option) => (
                <CommandItem
                  key={option.value}
                  value={option.value}
                  keywords={[option.label, option.detail ?? ""]}
                  onSelect={() => {
                    setPicked(option);
                    onChange(option.value);
                    change(false);
                  }}
                >
                  {option.icon}
                  <span className="min-w-0 truncate">{option.label}</span>
                  {option.detail && (
                    <span className="min-w-0 truncate text-muted-foreground">{option.detail}</span>
                  )}
                  <Check className={cn("ml-auto", option.value !== value && "invisible")} aria-hidden />
                </CommandItem>
              ))}
            </CommandGroup>
          </CommandList>
        </Command>
      </PopoverContent>
    </Popover>
  );
}
