import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createConnection, problemOf } from "@/api";
import { Button } from "@/components/ui/button";
import { DialogBody, DialogFooter } from "@/components/ui/dialog";
import { isElsewhere } from "@/lib/faults";
import type { ConnectFormProps } from "./connect-form";
import { focusFirst } from "./focus-first";
import { HelpLinks } from "./help-links";
import { NameField } from "./name-field";
import { refreshConnections } from "./refresh";
import { Refusal } from "./refusal";
import { SchemaFields } from "./schema-fields";
import { type Entered, flatSchema, pointersOf, valuesOf } from "./schema-object";
import { TRYING } from "./trying";

/** Connects with what a person has from the service: a key, a login, a token. Nothing of it is kept on the page. */
export function CredentialsForm({ workspaceId, integration, footer, onConnected }: ConnectFormProps) {
  const [name, setName] = useState("");
  const [credentials, setCredentials] = useState<Entered>({});
  const [config, setConfig] = useState<Entered>({});
  const credentialSchema = flatSchema(integration.credential_schema);
  const configSchema = flatSchema(integration.config_schema);
  const client = useQueryClient();
  const connecting = useMutation({
    mutationKey: TRYING,
    mutationFn: () =>
      createConnection({
        body: {
          workspace_id: workspaceId,
          integration: integration.slug,
          name: name.trim() || undefined,
          credentials: valuesOf(credentialSchema, credentials),
          config: valuesOf(configSchema, config),
        },
        throwOnError: true,
      }),
    onSuccess: () => void refreshConnections(client),
  });
  const problem = connecting.error ? problemOf(connecting.error) : undefined;
  const faults = {
    config: problem?.faultsAt("/config") ?? new Map<string, string>(),
    credentials: problem?.faultsAt("/credentials") ?? new Map<string, string>(),
  };
  const shown = [...pointersOf("/config", configSchema), ...pointersOf("/credentials", credentialSchema)];
  function submit(event: FormEvent) {
    event.preventDefault();
    // The second of two clicks comes before the button is told.
    if (client.isMutating({ mutationKey: TRYING })) return;
    // Nobody is led anywhere who has left meanwhile.
    connecting.mutate(undefined, { onSuccess: ({ data }) => onConnected(data.id) });
  }
  return (
    <form ref={focusFirst} onSubmit={submit} className="flex min-h-0 flex-col" autoComplete="off">
      <DialogBody className="flex flex-col gap-4">
        <SchemaFields schema={configSchema} entered={config} onChange={setConfig} faults={faults.config} />
        <SchemaFields
          schema={credentialSchema}
          entered={credentials}
          onChange={setCredentials}
          faults={faults.credentials}
        />
        <NameField value={name} onChange={setName} />
        {problem && (
          <Refusal problem={problem} service={integration.name} placed={!isElsewhere(problem, shown)} />
        )}
        <HelpLinks integration={integration} />
      </DialogBody>
      <DialogFooter>
        {footer}
        <Button type="submit" variant="primary" busy={connecting.isPending}>
          {connecting.isPending ? "Trying it …" : "Connect"}
        </Button>
      </DialogFooter>
    </form>
  );
}
