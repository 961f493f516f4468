import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type ApiKeyOutput, getApiKeyOptions } from "@/api";
import { CopyId } from "@/components/copy-id";
import { Drawer } from "@/components/drawer";
import { ErrorState } from "@/components/error-state";
import { StatusBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { formatExact } from "@/lib/format";
import { limitInWords } from "./rate-limit";
import { ALL_SCOPES, SCOPES } from "./scopes";

interface KeyDrawerProps {
  id: string | undefined;
  /** The key as the list has it, to show at once. */
  known: ApiKeyOutput | undefined;
  nameOf: (workspaceId: string) => string;
  onRevoke: (key: ApiKeyOutput) => void;
  onClose: () => void;
}

/** All that there is to know about a key, but not the key. */
export function KeyDrawer({ id, known, nameOf, onRevoke, onClose }: KeyDrawerProps) {
  const query = useQuery({
    ...getApiKeyOptions({ path: { api_key_id: id ?? "" } }),
    enabled: id !== undefined,
    placeholderData: known,
  });
  const key = query.data;
  return (
    <Drawer
      open={id !== undefined}
      onClose={onClose}
      title={key?.name ?? "API key"}
      subtitle={key && <code className="text-xs">{key.prefix}…</code>}
      actions={
        key && key.status !== "revoked" ? (
          <Button size="sm" variant="danger" onClick={() => onRevoke(key)}>
            Revoke
          </Button>
        ) : null
      }
    >
      {key ? (
        <Facts apiKey={key} nameOf={nameOf} />
      ) : query.error ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Drawer>
  );
}

function Facts({ apiKey: key, nameOf }: { apiKey: ApiKeyOutput; nameOf: KeyDrawerProps["nameOf"] }) {
  return (
    <dl className="flex flex-col divide-y">
      <Fact name="Status">
        <StatusBadge status={key.status} />
      </Fact>
      <Fact name="May">
        <ul>
          {ALL_SCOPES.filter((scope) => key.scopes.includes(scope)).map((scope) => (
            <li key={scope}>
              {SCOPES[scope].label} <code className="text-muted-foreground text-xs">{scope}</code>
            </li>
          ))}
        </ul>
      </Fact>
      <Fact name="Workspace">{key.workspace_id ? nameOf(key.workspace_id) : "All that you belong to"}</Fact>
      <Fact name="Rate limit">
        {key.rate_limits.length > 0 ? (
          <ul>
            {key.rate_limits.map((limit) => (
              <li key={`${limit.requests}/${limit.per_seconds}`}>{limitInWords(limit)}</li>
            ))}
          </ul>
        ) : (
          "None of its own"
        )}
      </Fact>
      <Fact name="Last used">{key.last_used_at ? <TimeAgo time={key.last_used_at} /> : "Never"}</Fact>
      <Fact name="Expires">{key.expires_at ? formatExact(key.expires_at) : "Never"}</Fact>
      <Fact name="Created">{formatExact(key.created_at)}</Fact>
      {key.revoked_at && <Fact name="Revoked">{formatExact(key.revoked_at)}</Fact>}
      <Fact name="Id">
        <CopyId id={key.id} />
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[7rem_minmax(0,1fr)] gap-3 py-2">
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </div>
  );
}
