import { useQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { type ConnectionOutput, previewAction, problemOf } from "@/api";
import { CodeBlock } from "@/components/code-block";
import { EmptyState } from "@/components/empty-state";
import { InlineError } from "@/components/error-state";
import { Skeleton } from "@/components/ui/skeleton";
import type { Asked } from "../request/execution";
import { shortenFiles } from "../request/file-parts";

interface OutgoingRequestProps {
  connection: ConnectionOutput;
  asked: Asked | undefined;
}

/** What would be sent to the service, without its credential. Nothing is sent. */
export function OutgoingRequest({ connection, asked }: OutgoingRequestProps) {
  if (!asked) return <EmptyState title="Choose an action first" />;
  return <Previewed connection={connection} asked={asked} />;
}

function Previewed({ connection, asked }: { connection: ConnectionOutput; asked: Asked }) {
  const { integration, organization_id, config } = connection;
  const shortened = useDeferredValue(shortenFiles(asked.parameters));
  const path = { slug: integration, action: asked.action };
  const body = { parameters: shortened.parameters, config };
  const { data, error } = useQuery({
    queryKey: ["preview", path, body],
    queryFn: async ({ signal }) => {
      const query = { organization_id };
      return (await previewAction({ path, query, body, signal, throwOnError: true })).data;
    },
    retry: false,
  });
  if (error && problemOf(error).code === "invalid_parameters")
    return (
      <div className="flex flex-col gap-3">
        <p className="text-muted-foreground">The request shows here once the parameters fit.</p>
        <InlineError error={error} />
      </div>
    );
  if (error) return <InlineError error={error} />;
  if (!data) return <Skeleton className="h-40" />;
  if (!data.request || !data.curl)
    return (
      <EmptyState
        title="This action speaks another protocol than HTTP"
        description="There is no request to show."
      />
    );
  const { method, url } = data.request;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <p className="flex min-w-0 gap-2">
        <code className="font-medium">{method}</code>
        <code className="min-w-0 break-all">{url}</code>
      </p>
      <CodeBlock code={data.curl} label="curl" />
      <p className="text-muted-foreground text-xs">
        <code>CREDENTIAL</code> stands where {connection.integration_name} gets the connection’s credential.
        {shortened.cut && " Files are cut short here."}
      </p>
    </div>
  );
}
