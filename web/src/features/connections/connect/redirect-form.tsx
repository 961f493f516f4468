import { type FormEvent, useRef, useState } from "react";
import { authorizeConnection, type IntegrationDetailOutput, listConnections, problemOf } from "@/api";
import { useSession } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { isElsewhere } from "@/lib/faults";
import type { ConnectFormProps } from "./connect-form";
import { focusFirst } from "./focus-first";
import { MissingClient } from "./missing-client";
import { NameField } from "./name-field";
import { SchemaFields } from "./schema-fields";
import { type Entered, flatSchema, pointersOf, valuesOf } from "./schema-object";
import { askedScopes, ScopeChoice, usualScopes } from "./scope-choice";
import { type Authorizing, useAuthorization } from "./use-authorization";
import { Waiting } from "./waiting";

/** Connects by agreeing on a page of the service's. */
export function RedirectForm({ workspaceId, integration, footer, onConnected }: ConnectFormProps) {
  const [name, setName] = useState("");
  const [entered, setEntered] = useState<Entered>({});
  const [scopes, setScopes] = useState(() => usualScopes(integration.scopes));
  const config = flatSchema(integration.config_schema);
  const authorization = useAuthorization({
    workspaceId,
    onConnected,
    ...useNewConnection(workspaceId, integration, {
      name: name.trim() || undefined,
      scopes: askedScopes(integration.scopes, scopes),
      config: valuesOf(config, entered),
    }),
  });
  const { state, start } = authorization;
  if (!integration.oauth_client_source)
    return (
      <>
        <DialogBody>
          <MissingClient workspaceId={workspaceId} slug={integration.slug} service={integration.name} />
        </DialogBody>
        <DialogFooter>{footer}</DialogFooter>
      </>
    );
  if (state.step !== "idle")
    return (
      <DialogBody>
        <Waiting service={integration.name} authorization={authorization} />
      </DialogBody>
    );
  const problem = state.error === undefined ? undefined : problemOf(state.error);
  const faults = problem?.faultsAt("/config") ?? new Map<string, string>();
  function submit(event: FormEvent) {
    event.preventDefault();
    start();
  }
  return (
    <form ref={focusFirst} onSubmit={submit} className="flex min-h-0 flex-col">
      <DialogBody className="flex flex-col gap-4">
        <SchemaFields schema={config} entered={entered} onChange={setEntered} faults={faults} />
        <NameField value={name} onChange={setName} />
        <ScopeChoice offered={integration.scopes} chosen={scopes} onChange={setScopes} />
        {problem && isElsewhere(problem, pointersOf("/config", config)) && <InlineError error={problem} />}
      </DialogBody>
      <DialogFooter>
        {footer}
        <Button type="submit" variant="primary">
          Continue to {integration.name}
        </Button>
      </DialogFooter>
    </form>
  );
}

interface Wishes {
  name?: string;
  scopes?: string[];
  config: Record<string, unknown>;
}

/** Begins a connection, and looks for one that was not there before. */
function useNewConnection(
  workspaceId: string,
  { slug }: IntegrationDetailOutput,
  wishes: Wishes,
): Pick<Authorizing, "begin" | "look"> {
  const { id: userId } = useSession();
  const known = useRef(new Set<string>());
  async function mine(): Promise<string[]> {
    const query = { workspace_id: workspaceId, integration: slug, user_id: userId, limit: 50 };
    const { data } = await listConnections({ query, throwOnError: true });
    // Those of end users are made elsewhere, by connect links.
    return data.data.filter(({ end_user_id }) => end_user_id === null).map(({ id }) => id);
  }
  return {
    async begin(addresses) {
      const body = { workspace_id: workspaceId, integration: slug, ...wishes, ...addresses };
      const [begun, before] = await Promise.all([authorizeConnection({ body, throwOnError: true }), mine()]);
      known.current = new Set(before);
      return begun.data;
    },
    async look() {
      return (await mine()).find((id) => !known.current.has(id));
    },
  };
}
