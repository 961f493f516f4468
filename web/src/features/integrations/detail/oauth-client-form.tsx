import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { type IntegrationDetailOutput, problemOf, setOauthClientMutation } from "@/api";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { UnsavedGuard } from "@/components/unsaved-guard";
import { SecretInput } from "@/features/connections/connect/secret-input";
import { isElsewhere } from "@/lib/faults";
import { refreshIntegration } from "../data";

interface Props {
  integration: IntegrationDetailOutput;
  /** Of the client that is replaced. */
  clientId?: string;
  onDone: () => void;
  onCancel?: () => void;
}

/** What has a field that says what is wrong with it. */
const SHOWN = ["/client_id", "/client_secret"];

/** Takes a client's id and secret. What was entered is forgotten as soon as it is stored. */
export function OAuthClientForm({ integration, clientId = "", onDone, onCancel }: Props) {
  const { organization_id } = useWorkspace();
  const queries = useQueryClient();
  const [id, setId] = useState(clientId);
  const [secret, setSecret] = useState("");
  const { mutate, isPending, error } = useMutation(setOauthClientMutation());
  const problem = error ? problemOf(error) : undefined;
  const faults = problem?.faultsAt() ?? new Map<string, string>();
  function submit(event: FormEvent) {
    event.preventDefault();
    mutate(
      {
        path: { slug: integration.slug },
        body: { organization_id, client_id: id.trim(), client_secret: secret.trim() || null },
      },
      {
        onSuccess: () => {
          // Which no guard asks about any more.
          setId(clientId);
          setSecret("");
          toast.success(`${integration.name} can be connected.`);
          void refreshIntegration(queries, integration.slug);
          onDone();
        },
      },
    );
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <Field label="Client ID" error={faults.get("/client_id")} required>
        <Input
          value={id}
          onChange={(event) => setId(event.target.value)}
          autoComplete="off"
          spellCheck={false}
          className="font-mono"
        />
      </Field>
      <SecretField
        method={integration.auth_config.token_endpoint_auth_method}
        value={secret}
        onChange={setSecret}
        error={faults.get("/client_secret")}
      />
      {problem && isElsewhere(problem, SHOWN) && <InlineError error={problem} />}
      <UnsavedGuard unsaved={id !== clientId || secret !== ""} part="tab" />
      <div className="flex justify-end gap-2">
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button type="submit" variant="primary" busy={isPending} disabled={id.trim() === ""}>
          Save the client
        </Button>
      </div>
    </form>
  );
}

interface SecretProps {
  /** How the client proves at the token endpoint who it is. */
  method: unknown;
  value: string;
  onChange: (value: string) => void;
  error?: string;
}

function SecretField({ method, value, onChange, error }: SecretProps) {
  if (method === "private_key_jwt")
    return (
      <Field label="Private key" hint="In PEM or as a JWK." error={error} required>
        <SecretInput value={value} onChange={onChange} long />
      </Field>
    );
  return (
    <Field
      label="Client secret"
      required={method === "none" ? false : undefined}
      hint={method === "none" ? undefined : "Leave it empty only if the service gave you none."}
      error={error}
    >
      <SecretInput value={value} onChange={onChange} />
    </Field>
  );
}
