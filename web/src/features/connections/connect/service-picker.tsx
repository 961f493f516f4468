import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { type IntegrationOutput, listIntegrationsOptions } from "@/api";
import { ErrorState } from "@/components/error-state";
import { ServiceLogo } from "@/components/service-logo";
import {
  Command,
  CommandEmpty,
  CommandGroup,
  CommandInput,
  CommandItem,
  CommandList,
} from "@/components/ui/command";
import { SkeletonRows } from "@/components/ui/skeleton";
import { categoryWord } from "@/lib/format";

interface ServicePickerProps {
  workspaceId: string;
  onPick: (integration: IntegrationOutput) => void;
}

/** Finds a service of the catalog by a part of its name. */
export function ServicePicker({ workspaceId, onPick }: ServicePickerProps) {
  const [typed, setTyped] = useState("");
  const query = useDeferredValue(typed.trim()) || undefined;
  const found = useQuery(
    listIntegrationsOptions({ query: { workspace_id: workspaceId, query, limit: 100 } }),
  );
  return (
    <Command label="Find a service" shouldFilter={false} className="border-t" loop>
      <CommandInput placeholder="Find a service …" value={typed} onValueChange={setTyped} autoFocus />
      {found.error && !found.data ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <CommandList className="h-[min(22rem,55dvh)] max-h-none">
          {found.isPending && <SkeletonRows rows={7} />}
          {found.data && <CommandEmpty>No service is called that.</CommandEmpty>}
          <CommandGroup>
            {found.data?.data.map((integration) => (
              <Service key={integration.slug} integration={integration} onPick={() => onPick(integration)} />
            ))}
          </CommandGroup>
        </CommandList>
      )}
    </Command>
  );
}

function Service({ integration, onPick }: { integration: IntegrationOutput; onPick: () => void }) {
  const { slug, name, category, connections } = integration;
  return (
    <CommandItem value={slug} onSelect={onPick} className="min-h-11 gap-3">
      <ServiceLogo slug={slug} name={name} className="size-7" />
      <span className="min-w-0 truncate font-medium">{name}</span>
      <span className="ml-auto inline-block shrink-0 text-muted-foreground text-xs">
        {connections?.mine ? "Connected" : categoryWord(category)}
      </span>
    </CommandItem>
  );
}
