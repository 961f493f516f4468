import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { IntegrationDetailOutput } from "@/api";
import { useWorkspace } from "@/app/session";
import { ErrorState } from "@/components/error-state";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { ServiceLogo } from "@/components/service-logo";
import { Skeleton } from "@/components/ui/skeleton";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useSearchPatch } from "@/components/use-search-patch";
import { integrationOptions } from "./data";
import { ActionsTab } from "./detail/actions-tab";
import { DefinitionTab } from "./detail/definition-tab";
import { DetailHeader } from "./detail/detail-header";
import { OAuthTab } from "./detail/oauth-tab";
import type { IntegrationSearch } from "./routes";

const route = getRouteApi("/w/$workspaceId/integrations/$slug");

/** The pages above those of an integration. */
export function useParents() {
  const { id: workspaceId } = useWorkspace();
  return useMemo(
    () => [
      {
        label: "Integrations",
        link: { to: "/w/$workspaceId/integrations", params: { workspaceId } } as const,
      },
    ],
    [workspaceId],
  );
}

export function IntegrationPage() {
  const { slug } = route.useParams();
  const { data, error, refetch } = useQuery(integrationOptions(slug, useWorkspace()));
  if (data) return <Detail integration={data} key={slug} />;
  return <Waiting slug={slug} error={error} onRetry={() => void refetch()} />;
}

/** What stands there while an integration loads, or when it could not be loaded. */
export function Waiting({ slug, error, onRetry }: { slug: string; error: unknown; onRetry: () => void }) {
  const parents = useParents();
  return (
    <Page>
      <PageHeader
        title={slug}
        parents={parents}
        icon={<ServiceLogo slug={slug} name={slug} className="size-10" />}
      />
      {error ? (
        <ErrorState error={error} onRetry={onRetry} title="The integration could not be loaded" />
      ) : (
        <div className="flex flex-col gap-5" role="status" aria-label="Loading" aria-busy>
          <Skeleton className="w-2/3" />
          <Skeleton className="h-9 w-72" />
          <Skeleton className="h-80 w-full rounded-lg" />
        </div>
      )}
    </Page>
  );
}

function Detail({ integration }: { integration: IntegrationDetailOutput }) {
  const { tab = "actions" } = route.useSearch();
  const patch = useSearchPatch();
  const withClient = integration.redirect_uri !== null;
  const shown: NonNullable<IntegrationSearch["tab"]> = tab === "oauth" && !withClient ? "actions" : tab;
  return (
    <Page fill={shown === "actions"}>
      <DetailHeader integration={integration} />
      <Tabs
        value={shown}
        onValueChange={(next) =>
          patch({ tab: next === "actions" ? undefined : next, q: undefined, action: undefined })
        }
        className="flex min-h-96 flex-1 flex-col"
      >
        <TabsList aria-label={`About ${integration.name}`}>
          <TabsTrigger value="actions">Actions</TabsTrigger>
          {withClient && <TabsTrigger value="oauth">OAuth client</TabsTrigger>}
          <TabsTrigger value="definition">Definition</TabsTrigger>
        </TabsList>
        <TabsContent
          value="actions"
          tabIndex={-1}
          className="min-h-0 flex-1 flex-col data-[state=active]:flex"
        >
          <ActionsTab integration={integration} />
        </TabsContent>
        <TabsContent value="oauth" tabIndex={-1}>
          <OAuthTab integration={integration} />
        </TabsContent>
        <TabsContent value="definition" tabIndex={-1}>
          <DefinitionTab integration={integration} />
        </TabsContent>
      </Tabs>
    </Page>
  );
}
