import { toast } from "sonner";
import { problemOf } from "@/api";
import { EmptyState } from "@/components/empty-state";
import { Button } from "@/components/ui/button";
import { usePageTitle } from "../page-title";
import { useSignOut } from "../session";

/** For whoever was taken out of their last workspace. */
export function NoWorkspace() {
  usePageTitle("No workspace");
  const signOut = useSignOut();
  const leave = () => void signOut().catch((error: unknown) => toast.error(problemOf(error).detail));
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <EmptyState
        title="You belong to no workspace"
        description="Ask an owner or admin of your organization to add you to one, then load this page again."
        action={<Button onClick={leave}>Sign out</Button>}
      />
    </main>
  );
}
