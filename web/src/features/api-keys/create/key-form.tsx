import { type FormEvent, useState } from "react";
import { type ApiKeyInput, problemOf, type Scope } from "@/api";
import { useWorkspace, useWorkspaces } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogClose, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input, Select } from "@/components/ui/input";
import { type Expiry, expiresAt } from "../expiry";
import { ALL_SCOPES } from "../scopes";
import { ExpiryField } from "./expiry-field";
import { type Limit, limitsOf, RateLimitField } from "./rate-limit-field";
import { ScopeChoice } from "./scope-choice";

const ALL_WORKSPACES = "all";

interface Draft {
  name: string;
  scopes: readonly Scope[];
  workspace: string;
  expiry: Expiry;
  limit: Limit;
}

interface KeyFormProps {
  busy: boolean;
  error: unknown;
  onCreate: (body: ApiKeyInput) => void;
}

export function KeyForm({ busy, error, onCreate }: KeyFormProps) {
  const here = useWorkspace();
  const [draft, setDraft] = useState<Draft>({
    name: "",
    scopes: ["execute"],
    // An organization's admin may be in a workspace without belonging to it.
    workspace: here.role ? here.id : ALL_WORKSPACES,
    expiry: { kind: "days", days: 90 },
    limit: { requests: "", perSeconds: 60 },
  });
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const problem = error ? problemOf(error) : undefined;
  const faults = problem?.faultsAt() ?? new Map<string, string>();
  const shown = ["/name", "/expires_at"].some((place) => faults.has(place));
  function submit(event: FormEvent) {
    event.preventDefault();
    if (draft.scopes.length > 0) onCreate(bodyOf(draft));
  }
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-col">
      <DialogBody className="flex flex-col gap-5">
        <Field label="Name" hint="Where it is used." error={faults.get("/name")} required>
          <Input
            value={draft.name}
            maxLength={200}
            placeholder="Billing service"
            autoComplete="off"
            onChange={(event) => change({ name: event.target.value })}
          />
        </Field>
        <ScopeChoice value={draft.scopes} onChange={(scopes) => change({ scopes })} />
        <WorkspaceField value={draft.workspace} onChange={(workspace) => change({ workspace })} />
        <ExpiryField
          value={draft.expiry}
          onChange={(expiry) => change({ expiry })}
          error={faults.get("/expires_at")}
        />
        <RateLimitField value={draft.limit} onChange={(limit) => change({ limit })} />
        {problem && !shown && <InlineError error={problem} />}
      </DialogBody>
      <DialogFooter>
        <DialogClose asChild>
          <Button disabled={busy}>Cancel</Button>
        </DialogClose>
        <Button type="submit" variant="primary" busy={busy} disabled={draft.scopes.length === 0}>
          Create the key
        </Button>
      </DialogFooter>
    </form>
  );
}

function bodyOf({ name, scopes, workspace, expiry, limit }: Draft) {
  return {
    name: name.trim(),
    scopes: ALL_SCOPES.filter((scope) => scopes.includes(scope)),
    workspace_id: workspace === ALL_WORKSPACES ? null : workspace,
    expires_at: expiresAt(expiry)?.toISOString() ?? null,
    rate_limits: limitsOf(limit),
  };
}

function WorkspaceField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const all = useWorkspaces().filter(({ role }) => role !== null);
  return (
    <Field label="Workspace" hint="A key of one workspace is refused in all others.">
      <Select value={value} onChange={(event) => onChange(event.target.value)}>
        {all.map(({ id, name }) => (
          <option key={id} value={id}>
            Only {name}
          </option>
        ))}
        <option value={ALL_WORKSPACES}>All that I belong to</option>
      </Select>
    </Field>
  );
}
