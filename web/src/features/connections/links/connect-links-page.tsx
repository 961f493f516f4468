import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Link2, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { type ConnectLinkOutput, listConnectLinksInfiniteOptions } from "@/api";
import { useWorkspace } from "@/app/session";
import { DataTable, pagesOf } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { FilterBar } from "@/components/filter-bar";
import { GuardedButton } from "@/components/guarded-button";
import { Page } from "@/components/page";
import { PageHeader } from "@/components/page-header";
import { Button } from "@/components/ui/button";
import { useSearchPatch } from "@/components/use-search-patch";
import { SectionTabs } from "../list/section-tabs";
import { useConnectRight } from "../rights";
import { linkColumns } from "./link-columns";
import { MakeLinkDialog } from "./make-link-dialog";
import { RevokeLinkDialog } from "./revoke-link-dialog";

const FROM = "/w/$workspaceId/connections/links";

/** Links by which people without an account connect a service for its maker. */
export function ConnectLinksPage() {
  const { id: workspaceId } = useWorkspace();
  const { make, end_user } = useSearch({ from: FROM });
  const patch = useSearchPatch();
  const right = useConnectRight();
  return (
    <Page fill>
      <PageHeader
        title="Connect links"
        description="With a link, somebody without an account here connects a service for you."
        actions={
          <GuardedButton variant="primary" {...right} onClick={() => patch({ make: "link" })}>
            <Plus /> Make a link
          </GuardedButton>
        }
      />
      <SectionTabs workspaceId={workspaceId} />
      <FilterBar
        search={{
          value: end_user,
          onChange: (value) => patch({ end_user: value }),
          placeholder: "End user, exactly",
        }}
        active={Boolean(end_user)}
        onClear={() => patch({ end_user: undefined })}
      />
      <Links workspaceId={workspaceId} endUser={end_user} />
      <MakeLinkDialog
        workspaceId={workspaceId}
        open={make !== undefined && right.allowed}
        onOpenChange={(open) => !open && patch({ make: undefined })}
      />
    </Page>
  );
}

function Links({ workspaceId, endUser }: { workspaceId: string; endUser?: string }) {
  const [revoking, setRevoking] = useState<ConnectLinkOutput>();
  const found = useInfiniteQuery({
    ...listConnectLinksInfiniteOptions({
      query: { workspace_id: workspaceId, end_user_id: endUser, limit: 100 },
    }),
    initialPageParam: {},
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data), [found.data]);
  const columns = useMemo(() => linkColumns(workspaceId, setRevoking), [workspaceId]);
  return (
    <>
      <DataTable
        label="Connect links"
        rows={rows}
        columns={columns}
        rowKey={({ id }) => id}
        {...pagesOf(found)}
        empty={<NoLinks filtered={Boolean(endUser)} />}
      />
      <RevokeLinkDialog link={revoking} onClose={() => setRevoking(undefined)} />
    </>
  );
}

function NoLinks({ filtered }: { filtered: boolean }) {
  const patch = useSearchPatch();
  const right = useConnectRight();
  if (filtered)
    return (
      <EmptyState
        title="There is no link for this end user"
        action={<Button onClick={() => patch({ end_user: undefined })}>Show all</Button>}
      />
    );
  return (
    <EmptyState
      icon={Link2}
      title="No links yet"
      description="Make a link for one of your own users, and send it to them. They connect their account on a page of ours; the connection is yours to use."
      action={
        <GuardedButton variant="primary" {...right} onClick={() => patch({ make: "link" })}>
          Make a link
        </GuardedButton>
      }
    />
  );
}
