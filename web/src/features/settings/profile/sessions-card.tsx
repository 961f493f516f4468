import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Monitor, Smartphone, SquareTerminal } from "lucide-react";
import { toast } from "sonner";
import { endSession, listSessionsOptions, listSessionsQueryKey, problemOf, type SessionOutput } from "@/api";
import { useSignOut } from "@/app/session";
import { ErrorState } from "@/components/error-state";
import { TimeAgo } from "@/components/time-ago";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { SkeletonRows } from "@/components/ui/skeleton";
import { type Device, deviceOf } from "./device";

/** Where the user is signed in. */
export function SessionsCard() {
  const found = useQuery(listSessionsOptions());
  const sessions = found.data?.data;
  const others = sessions?.filter(({ is_current }) => !is_current) ?? [];
  const end = useEnd();
  return (
    <Card>
      <CardHeader title="Sessions" description="Where you are signed in.">
        {others.length > 1 && (
          <Button size="sm" busy={end.isPending} onClick={() => end.mutate(others)}>
            End all others
          </Button>
        )}
      </CardHeader>
      {found.error && !sessions ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : sessions ? (
        <ul className="divide-y border-t">
          {sessions.map((session) => (
            <Session key={session.id} session={session} onEnd={() => end.mutate([session])} />
          ))}
        </ul>
      ) : (
        <SkeletonRows rows={2} className="border-t" />
      )}
    </Card>
  );
}

function useEnd() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (sessions: readonly SessionOutput[]) => {
      await Promise.all(
        sessions.map(({ id }) => endSession({ path: { session_id: id }, throwOnError: true })),
      );
      return sessions.length;
    },
    onSuccess: (count) =>
      toast.success(count === 1 ? "The session has ended." : `${count} sessions have ended.`),
    onError: (error) => toast.error(problemOf(error).detail),
    onSettled: () => client.invalidateQueries({ queryKey: listSessionsQueryKey() }),
  });
}

const ICONS: Record<Device["kind"], typeof Monitor> = {
  desktop: Monitor,
  phone: Smartphone,
  program: SquareTerminal,
};

function Session({ session, onEnd }: { session: SessionOutput; onEnd: () => void }) {
  const signOut = useSignOut();
  const { kind, name } = deviceOf(session.user_agent);
  const Icon = ICONS[kind];
  return (
    <li className="flex min-h-14 items-center gap-3 px-4 py-2">
      <Icon className="size-4 shrink-0 text-muted-foreground" aria-hidden />
      <div className="min-w-0 flex-1 leading-tight">
        <p className="flex items-center gap-2">
          <span className="truncate" title={session.user_agent ?? undefined}>
            {name}
          </span>
          {session.is_current && <Badge tone="primary">This one</Badge>}
        </p>
        <p className="text-muted-foreground text-xs">
          Active <TimeAgo time={session.last_used_at} />, since <TimeAgo time={session.created_at} />
        </p>
      </div>
      {session.is_current ? (
        <Button
          size="sm"
          onClick={() => void signOut().catch((error: unknown) => toast.error(problemOf(error).detail))}
        >
          Sign out
        </Button>
      ) : (
        <Button size="sm" aria-label={`End the session of ${name}`} onClick={onEnd}>
          End
        </Button>
      )}
    </li>
  );
}
