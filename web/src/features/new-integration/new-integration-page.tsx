import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import { useWorkspace } from "@/app/session";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useSearchPatch } from "@/components/use-search-patch";
import { integrationOptions, useEditRight } from "@/features/integrations/data";
import { useParents } from "@/features/integrations/integration-page";
import { ByHand } from "./by-hand";
import { ImportReview } from "./import-review";
import { SourceForm } from "./source-form";
import { useDocument } from "./use-document";

const route = getRouteApi("/w/$workspaceId/integrations/new");

export function NewIntegrationPage() {
  const { update } = route.useSearch();
  const { data: mayEdit, error, refetch } = useEditRight();
  if (mayEdit === undefined && error) return <Unknown error={error} onRetry={() => void refetch()} />;
  if (mayEdit === undefined) return <Loading />;
  if (!mayEdit) return <NotAllowed />;
  return update ? <Update slug={update} key={update} /> : <New />;
}

function New() {
  const { from = "document" } = route.useSearch();
  const patch = useSearchPatch();
  const parents = useParents();
  const reader = useDocument();
  if (reader.read)
    return (
      <ImportReview title="New integration" parents={parents} read={reader.read} onBack={reader.close} />
    );
  return (
    <Page width="narrow">
      <PageHeader title="New integration" parents={parents} />
      <Tabs value={from} onValueChange={(next) => patch({ from: next === "document" ? undefined : next })}>
        <TabsList aria-label="How to make it">
          <TabsTrigger value="document">From a document</TabsTrigger>
          <TabsTrigger value="hand">By hand</TabsTrigger>
        </TabsList>
        {/* What was entered in one is still there after a look at the other. */}
        <TabsContent value="document" tabIndex={-1} forceMount className="data-[state=inactive]:hidden">
          <SourceForm {...reader} withSlug />
        </TabsContent>
        <TabsContent value="hand" tabIndex={-1} forceMount className="data-[state=inactive]:hidden">
          <ByHand />
        </TabsContent>
      </Tabs>
    </Page>
  );
}

function Update({ slug }: { slug: string }) {
  const parents = useParents();
  const reader = useDocument();
  const { data, error, refetch } = useQuery(integrationOptions(slug, useWorkspace()));
  const title = `Update ${data?.name ?? slug}`;
  if (reader.read)
    return <ImportReview title={title} parents={parents} read={reader.read} onBack={reader.close} isUpdate />;
  if (!data && !error) return <Loading />;
  return (
    <Page width="narrow">
      <PageHeader
        title={title}
        parents={parents}
        description="From a newer document. What was changed by hand stays as it is."
      />
      {data ? (
        <SourceForm {...reader} open={(source) => reader.open(source, slug)} withSlug={false} />
      ) : (
        <ErrorState
          error={error}
          onRetry={() => void refetch()}
          title="The integration could not be loaded"
        />
      )}
    </Page>
  );
}

function Loading() {
  const parents = useParents();
  return (
    <Page width="narrow">
      <PageHeader title="New integration" parents={parents} />
      <div className="flex flex-col gap-5" role="status" aria-label="Loading" aria-busy>
        <Skeleton className="h-9 w-64" />
        <Skeleton className="h-64 w-full rounded-lg" />
      </div>
    </Page>
  );
}

function Unknown({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const parents = useParents();
  return (
    <Page width="narrow">
      <PageHeader title="New integration" parents={parents} />
      <ErrorState error={error} onRetry={onRetry} title="Your organization could not be loaded" />
    </Page>
  );
}

function NotAllowed() {
  const { id: workspaceId } = useWorkspace();
  const parents = useParents();
  return (
    <Page width="narrow">
      <PageHeader title="New integration" parents={parents} />
      <EmptyState
        icon={Lock}
        title="Admins add integrations"
        description="An integration is there for the whole organization. Ask an owner or admin of it to add the service."
        action={
          <Button asChild variant="primary">
            <Link to="/w/$workspaceId/integrations" params={{ workspaceId }}>
              See what there is
            </Link>
          </Button>
        }
      />
    </Page>
  );
}
