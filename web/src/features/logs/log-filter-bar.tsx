import { type KeyboardEvent, type ReactNode, useCallback } from "react";
import { AddFilter } from "@/components/execution-filters/add-filter";
import { FilterChip } from "@/components/execution-filters/filter-chip";
import {
  type ExecutionFilters,
  isFiltered,
  type LogConditions,
  NO_FILTERS,
} from "@/components/execution-filters/filters";
import { activeDimensions, changeTo, valuesOf } from "@/components/execution-filters/values";
import { FilterBar } from "@/components/filter-bar";
import { TimeRangeSelect } from "@/components/time-range-select";
import { useSearchPatch } from "@/components/use-search-patch";
import { PRESETS } from "@/lib/time-range";

interface LogFilterBarProps {
  filters: ExecutionFilters;
  conditions: LogConditions;
  /** At the right. */
  end: ReactNode;
}

/** What is listed. Backspace in the empty field takes the last filter away. */
export function LogFilterBar({ filters, conditions, end }: LogFilterBarProps) {
  const patch = useSearchPatch();
  const find = useCallback((q: string | undefined) => patch({ q }), [patch]);
  const active = activeDimensions(filters);
  function onKeyDown(event: KeyboardEvent) {
    const last = active.at(-1);
    const { target } = event;
    const isEmptyField =
      target instanceof HTMLInputElement && "pageFilter" in target.dataset && !target.value;
    if (event.key === "Backspace" && isEmptyField && last) patch(changeTo(last, []));
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it listens to the keys of the field within
    <div onKeyDown={onKeyDown}>
      <FilterBar
        search={{ value: filters.q, onChange: find, placeholder: "Execution id or end user" }}
        active={isFiltered(filters)}
        onClear={() => patch(NO_FILTERS)}
        end={end}
      >
        <TimeRangeSelect
          value={filters}
          onChange={(range) => patch({ ...range })}
          presets={PRESETS}
          whole="Any time"
        />
        {active.map((name) => (
          <FilterChip
            key={name}
            name={name}
            values={valuesOf(filters, name)}
            conditions={conditions}
            onChange={patch}
          />
        ))}
        <AddFilter filters={filters} conditions={conditions} onChange={patch} />
      </FilterBar>
    </div>
  );
}
