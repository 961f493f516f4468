import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { toast } from "sonner";
import { changeIntegrationMutation, type IntegrationDetailOutput, problemOf } from "@/api";
import { useWorkspace } from "@/app/session";
import { InlineError } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardFooter } from "@/components/ui/card";
import { UnsavedGuard } from "@/components/unsaved-guard";
import { isElsewhere } from "@/lib/faults";
import { integrationOptions, refreshIntegration, useEditRight } from "../data";
import { Waiting } from "../integration-page";
import { changesOf, draftOfIntegration, INTEGRATION_POINTERS, integrationOf } from "./integration-draft";
import { IntegrationFields } from "./integration-fields";
import { NotYours } from "./not-yours";
import { useIntegrationParents } from "./parents";

const route = getRouteApi("/w/$workspaceId/integrations/$slug/edit");

export function EditIntegrationPage() {
  const { slug } = route.useParams();
  const { data: mayEdit, ...right } = useEditRight();
  const { data, error, refetch } = useQuery(integrationOptions(slug, useWorkspace()));
  if (!data || mayEdit === undefined) {
    const retry = () => void Promise.all([refetch(), right.refetch()]);
    return <Waiting slug={slug} error={error ?? right.error} onRetry={retry} />;
  }
  if (!mayEdit || data.organization_id === null) return <NotYours integration={data} />;
  return <EditForm integration={data} key={slug} />;
}

function EditForm({ integration }: { integration: IntegrationDetailOutput }) {
  const { id: workspaceId, organization_id } = useWorkspace();
  const { slug, name } = integration;
  const navigate = useNavigate();
  const client = useQueryClient();
  const parents = useIntegrationParents(integration);
  // What the draft was made from: what others change meanwhile is no change of this one.
  const [base] = useState(integration);
  const [beginning] = useState(() => draftOfIntegration(base));
  const [draft, setDraft] = useState(beginning);
  const { mutate, isPending, error } = useMutation(changeIntegrationMutation());
  const problem = error ? problemOf(error) : undefined;
  const body = useMemo(() => integrationOf(draft), [draft]);
  const back = { to: "/w/$workspaceId/integrations/$slug", params: { workspaceId, slug } } as const;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!body) return;
    const request = { path: { slug }, query: { organization_id }, body: changesOf(base, body) };
    mutate(request, {
      onSuccess: () => {
        toast.success(`${body.name} is changed.`);
        void refreshIntegration(client, slug);
        void navigate({ ...back, ignoreBlocker: true });
      },
    });
  }
  return (
    <Page width="narrow">
      <PageHeader title={`Edit ${name}`} parents={parents} />
      <form onSubmit={submit}>
        <Card>
          <CardContent className="pt-4">
            <IntegrationFields
              draft={draft}
              onChange={(change) => setDraft((before) => ({ ...before, ...change }))}
              problem={problem}
            />
            {problem && isElsewhere(problem, INTEGRATION_POINTERS) && (
              <InlineError error={problem} className="mt-4" />
            )}
          </CardContent>
          <CardFooter>
            <Button asChild>
              <Link {...back} ignoreBlocker>
                Cancel
              </Link>
            </Button>
            <Button type="submit" variant="primary" busy={isPending} disabled={!body}>
              Save changes
            </Button>
          </CardFooter>
        </Card>
      </form>
      <UnsavedGuard unsaved={draft !== beginning} />
    </Page>
  );
}
