import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { getIntegrationOptions, type IntegrationDetailOutput } from "@/api";
import { ErrorState, InlineError } from "@/components/error-state";
import { Button } from "@/components/ui/button";
import { DialogBody } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { CredentialsForm } from "./credentials-form";
import { RedirectForm } from "./redirect-form";

export interface ConnectFormProps {
  workspaceId: string;
  integration: IntegrationDetailOutput;
  /** Beside the form's own button. */
  footer?: ReactNode;
  onConnected: (connectionId: string) => void;
}

type LoadingProps = Omit<ConnectFormProps, "integration"> & { slug: string };

/** What a service asks for to be connected. */
export function ConnectForm({ slug, workspaceId, ...rest }: LoadingProps) {
  const { data, error, refetch } = useQuery(
    getIntegrationOptions({ path: { slug }, query: { workspace_id: workspaceId } }),
  );
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} className="py-6" />;
  if (!data) return <FormSkeleton />;
  return <Ways key={slug} workspaceId={workspaceId} integration={data} {...rest} />;
}

/** By redirect, where the service has one; a token that somebody has from elsewhere does as well. */
function Ways({ footer, ...props }: ConnectFormProps) {
  const { fault, connects_by, credential_schema, name } = props.integration;
  const [byToken, setByToken] = useState(false);
  if (fault)
    return (
      <DialogBody>
        <InlineError error={new Error(`${name} cannot be connected: ${fault}`)} />
      </DialogBody>
    );
  if (connects_by !== "redirect") return <CredentialsForm {...props} footer={footer} />;
  const other = credential_schema && (
    <Button variant="ghost" className="mr-auto" onClick={() => setByToken(!byToken)}>
      {byToken ? "Sign in instead" : "I have a token"}
    </Button>
  );
  const Form = byToken ? CredentialsForm : RedirectForm;
  return (
    <Form
      {...props}
      footer={
        <>
          {other}
          {footer}
        </>
      }
    />
  );
}

function FormSkeleton() {
  return (
    <DialogBody className="flex flex-col gap-4">
      <div role="status" aria-label="Loading" className="flex flex-col gap-4">
        <Skeleton className="h-8" />
        <Skeleton className="h-8" />
        <Skeleton className="h-8 w-32 self-end" />
      </div>
    </DialogBody>
  );
}
