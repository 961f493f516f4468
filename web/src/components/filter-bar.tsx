import { Search, X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Button } from "./ui/button";
import { Input } from "./ui/input";

interface FilterBarProps {
  /** The field that `/` leads to. */
  search?: { value: string | undefined; onChange: (value: string | undefined) => void; placeholder: string };
  /** FilterSelect and the like. */
  children?: ReactNode;
  /** Whether anything is filtered; shows the button that ends it. */
  active?: boolean;
  onClear?: () => void;
  /** At the right: how many there are, a switch. */
  end?: ReactNode;
}

/** A list's filters. Their state is in the page's address (`useSearchPatch`). */
export function FilterBar({ search, children, active, onClear, end }: FilterBarProps) {
  return (
    <search className="flex flex-wrap items-center gap-2">
      {search && <SearchField {...search} />}
      {children}
      {active && onClear && (
        <Button variant="ghost" onClick={onClear}>
          <X /> Clear
        </Button>
      )}
      {end && <div className="ml-auto flex items-center gap-2 text-muted-foreground">{end}</div>}
    </search>
  );
}

const PAUSE = 150;

type SearchFieldProps = NonNullable<FilterBarProps["search"]>;

/** What is typed shows at once, and is looked for after a short pause. */
function SearchField({ value = "", onChange, placeholder }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  // What comes back from the address lacks the space that the next word begins with.
  useEffect(() => setTyped((now) => (now.trim() === value ? now : value)), [value]);
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim() || undefined), PAUSE);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div className="relative w-full sm:w-64">
      <Search
        className="pointer-events-none absolute top-2 left-2.5 size-4 text-muted-foreground"
        aria-hidden
      />
      <Input
        type="search"
        data-page-filter
        aria-label={placeholder}
        aria-keyshortcuts="/"
        placeholder={placeholder}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        className="pl-8 [&::-webkit-search-cancel-button]:hidden"
      />
    </div>
  );
}
