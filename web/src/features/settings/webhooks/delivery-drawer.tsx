import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { toast } from "sonner";
import {
  type AttemptOutput,
  type DeliveryDetailOutput,
  type DeliveryOutput,
  getDeliveryOptions,
  getDeliveryQueryKey,
  problemOf,
  replayDeliveryMutation,
} from "@/api";
import { CodeBlock } from "@/components/code-block";
import { CopyId } from "@/components/copy-id";
import { Drawer } from "@/components/drawer";
import { ErrorState } from "@/components/error-state";
import { StateBadge } from "@/components/status-badge";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { SkeletonRows } from "@/components/ui/skeleton";
import { formatDuration, formatExact } from "@/lib/format";
import { refreshWebhooks } from "./data";
import { isUnderWay, WAIT } from "./under-way";
import { answerOf, DELIVERY_LOOKS } from "./words";

interface DeliveryDrawerProps {
  webhookId: string;
  id: string | undefined;
  /** The delivery as the list has it, to name it at once. */
  known: DeliveryOutput | undefined;
  onClose: () => void;
}

/** One delivery: its event, and each attempt with what was answered. */
export function DeliveryDrawer({ webhookId, id, known, onClose }: DeliveryDrawerProps) {
  const path = { webhook_id: webhookId, delivery_id: id ?? "" };
  const found = useQuery({
    ...getDeliveryOptions({ path }),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? WAIT : false),
  });
  const shown = found.data ?? known;
  const look = shown && DELIVERY_LOOKS[shown.status];
  return (
    <Drawer
      open={id !== undefined}
      onClose={onClose}
      title={shown?.event_type ?? "Delivery"}
      subtitle={
        look && (
          <StateBadge tone={look.tone} icon={look.icon}>
            {look.word}
          </StateBadge>
        )
      }
      actions={id && <Replay webhookId={webhookId} id={id} />}
    >
      {found.data ? (
        <Details delivery={found.data} />
      ) : found.error ? (
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Drawer>
  );
}

function Replay({ webhookId, id }: { webhookId: string; id: string }) {
  const client = useQueryClient();
  const path = { webhook_id: webhookId, delivery_id: id };
  const replay = useMutation({
    ...replayDeliveryMutation(),
    onSuccess: async () => {
      toast.success("It is sent once more.");
      await client.invalidateQueries({ queryKey: getDeliveryQueryKey({ path }) });
      await refreshWebhooks(client, webhookId);
    },
    onError: (error) => toast.error(problemOf(error).detail),
  });
  return (
    <Button size="sm" busy={replay.isPending} onClick={() => replay.mutate({ path })}>
      <RotateCw /> Send again
    </Button>
  );
}

function Details({ delivery }: { delivery: DeliveryDetailOutput }) {
  const { event, attempts_made, next_attempt_at, status } = delivery;
  return (
    <div className="flex flex-col gap-5">
      <dl className="grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">
        <dt className="text-muted-foreground">Happened</dt>
        <dd>{formatExact(event.occurred_at)}</dd>
        <dt className="text-muted-foreground">webhook-id</dt>
        <dd className="min-w-0">
          <CopyId id={event.id} />
        </dd>
        {status === "pending" && next_attempt_at && (
          <>
            <dt className="text-muted-foreground">Next attempt</dt>
            <dd>
              <TimeAgo time={next_attempt_at} />
            </dd>
          </>
        )}
      </dl>
      <section className="flex flex-col gap-2">
        <h3 className="font-medium">Attempts</h3>
        {attempts_made.length === 0 ? (
          <p className="text-muted-foreground">None yet.</p>
        ) : (
          <ol className="divide-y rounded-md border">
            {attempts_made.toReversed().map((attempt) => (
              <Attempt key={attempt.id} attempt={attempt} />
            ))}
          </ol>
        )}
      </section>
      <section className="flex flex-col gap-2">
        <h3 className="font-medium">Event</h3>
        <CodeBlock code={JSON.stringify(event.data, null, 2)} label="data" wrap />
      </section>
    </div>
  );
}

function Attempt({ attempt }: { attempt: AttemptOutput }) {
  return (
    <li className="flex flex-col gap-1.5 px-3 py-2">
      <div className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 break-words font-medium">{answerOf(attempt)}</span>
        <span className="shrink-0 text-muted-foreground text-xs">
          {formatDuration(attempt.duration_ms)}, <TimeAgo time={attempt.attempted_at} />
        </span>
      </div>
      {attempt.answer && (
        <pre className="max-h-32 overflow-y-auto whitespace-pre-wrap break-all text-muted-foreground text-xs">
          {attempt.answer}
        </pre>
      )}
    </li>
  );
}
