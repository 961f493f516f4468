import { useQuery } from "@tanstack/react-query";
import { ChevronsUpDown } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { type ActionOutput, listActionsOptions } from "@/api";
import { Prose } from "@/components/prose";
import { Button } from "@/components/ui/button";
import {
  Command,
  CommandEmpty,
  CommandGroup,
  CommandInput,
  CommandItem,
  CommandList,
} from "@/components/ui/command";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { SkeletonRows } from "@/components/ui/skeleton";

interface ActionChoiceProps {
  integration: string;
  organizationId: string;
  chosen: Pick<ActionOutput, "slug" | "name"> | undefined;
  onChange: (slug: string) => void;
  id?: string;
}

/** What the service can do, with a line about each. */
export function ActionChoice({ integration, organizationId, chosen, onChange, id }: ActionChoiceProps) {
  const [open, setOpen] = useState(false);
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button
          id={id}
          className="w-full justify-start font-normal"
          role="combobox"
          aria-expanded={open}
          aria-label="Action"
        >
          <span className="min-w-0 flex-1 truncate text-left">
            {chosen ? chosen.name : <span className="text-muted-foreground">Choose an action</span>}
            {chosen && <code className="ml-2 text-muted-foreground">{chosen.slug}</code>}
          </span>
          <ChevronsUpDown className="text-muted-foreground" aria-hidden />
        </Button>
      </PopoverTrigger>
      <PopoverContent
        aria-label="Action"
        className="w-(--radix-popover-trigger-width) min-w-[min(26rem,calc(100vw-2rem))] p-0"
      >
        <Actions
          integration={integration}
          organizationId={organizationId}
          onPick={(slug) => {
            setOpen(false);
            onChange(slug);
          }}
        />
      </PopoverContent>
    </Popover>
  );
}

type ActionsProps = Pick<ActionChoiceProps, "integration" | "organizationId"> & {
  onPick: (slug: string) => void;
};

function Actions({ integration, organizationId, onPick }: ActionsProps) {
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim()) || undefined;
  const { data, isPending } = useQuery(
    listActionsOptions({
      path: { slug: integration },
      query: { organization_id: organizationId, query, schemas: false, limit: 200 },
    }),
  );
  return (
    <Command label="Actions" shouldFilter={false} loop>
      <CommandInput placeholder="Find an action …" value={typed} onValueChange={setTyped} />
      <CommandList className="h-80 max-h-[50dvh]">
        {isPending && <SkeletonRows rows={6} />}
        {data && <CommandEmpty>No action is called that.</CommandEmpty>}
        <CommandGroup>
          {data?.data.map(({ slug, name, description }) => (
            <CommandItem key={slug} value={slug} onSelect={() => onPick(slug)}>
              <div className="min-w-0">
                <p className="flex items-baseline gap-2">
                  <span className="truncate font-medium">{name}</span>
                  <code className="truncate text-muted-foreground">{slug}</code>
                </p>
                <p className="line-clamp-2 text-muted-foreground text-xs">
                  <Prose text={description} />
                </p>
              </div>
            </CommandItem>
          ))}
        </CommandGroup>
      </CommandList>
    </Command>
  );
}
