import { useEffect } from "react";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { announce, type Outcome } from "./connect/addresses";

interface PopupEndProps {
  attempt: string;
  outcome: Outcome;
}

/** Where a popup ends that the service has cut off from the page which opened it: tells that page, and closes. */
export function PopupEnd({ attempt, outcome }: PopupEndProps) {
  const { connection_id, error, error_description } = outcome;
  useEffect(() => {
    announce(attempt, { connection_id, error, error_description });
    window.close();
  }, [attempt, connection_id, error, error_description]);
  return (
    <Page width="narrow">
      <PageHeader
        title={connection_id ? "Connected" : "Not connected"}
        description={connection_id ? "You can close this window." : (error_description ?? error)}
      />
    </Page>
  );
}
