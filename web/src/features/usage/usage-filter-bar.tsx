import type { Bucket } from "@/api";
import { AddFilter } from "@/components/execution-filters/add-filter";
import { FilterChip } from "@/components/execution-filters/filter-chip";
import { isFiltered, type LogConditions, NO_FILTERS } from "@/components/execution-filters/filters";
import { activeDimensions, valuesOf } from "@/components/execution-filters/values";
import { FilterBar } from "@/components/filter-bar";
import { TimeRangeSelect } from "@/components/time-range-select";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { cn } from "@/lib/cn";
import { USAGE_DIMENSIONS, USAGE_PRESETS, type UsageSearch } from "./search";

interface UsageFilterBarProps {
  search: UsageSearch;
  conditions: LogConditions & { bucket: Bucket };
  /** The time is short enough for hours. */
  byHour: boolean;
}

/** Which executions are counted, over which time and in which steps. */
export function UsageFilterBar({ search, conditions, byHour }: UsageFilterBarProps) {
  const patch = useSearchPatch();
  const { bucket: _bucket, group_by: _group, range, from, to, ...others } = search;
  const { bucket, ...executions } = conditions;
  const time = range || from || to ? { range, from, to } : { range: "30d" as const };
  return (
    <FilterBar
      active={isFiltered(others)}
      onClear={() => patch({ ...NO_FILTERS, range, from, to })}
      end={<Steps bucket={bucket} byHour={byHour} onChange={(next) => patch({ bucket: next })} />}
    >
      <TimeRangeSelect
        value={time}
        onChange={(chosen) => patch({ ...chosen, bucket: undefined })}
        presets={USAGE_PRESETS}
      />
      {activeDimensions(others).map((name) => (
        <FilterChip
          key={name}
          name={name}
          values={valuesOf(others, name)}
          conditions={executions}
          onChange={patch}
        />
      ))}
      <AddFilter names={USAGE_DIMENSIONS} filters={others} conditions={executions} onChange={patch} />
    </FilterBar>
  );
}

const STEPS: readonly { bucket: Bucket; label: string }[] = [
  { bucket: "hour", label: "By hour" },
  { bucket: "day", label: "By day" },
];

interface StepsProps {
  bucket: Bucket;
  byHour: boolean;
  onChange: (bucket: Bucket) => void;
}

function Steps({ bucket, byHour, onChange }: StepsProps) {
  return (
    <fieldset className="flex rounded-md border border-input bg-card p-0.5">
      <legend className="sr-only">Steps</legend>
      {STEPS.map(({ bucket: each, label }) => (
        <Button
          key={each}
          variant="ghost"
          size="sm"
          aria-pressed={bucket === each}
          disabled={each === "hour" && !byHour}
          onClick={() => onChange(each)}
          className={cn("h-6.5", bucket === each && "bg-muted text-foreground")}
        >
          {label}
        </Button>
      ))}
    </fieldset>
  );
}
