import { History } from "lucide-react";
import { useState } from "react";
import { useWorkspace } from "@/app/session";
import { TimeAgo } from "@/components/time-ago";
import { Button } from "@/components/ui/button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { formatDuration } from "@/lib/format";
import { useStore } from "@/lib/store";
import { history, type Run } from "./history";
import { AnswerBadge } from "./response/answer-badge";

/** What was run in this tab and workspace; a click brings it back with its answer. */
export function HistoryButton({ onPick }: { onPick: (run: Run) => void }) {
  const { id: workspaceId } = useWorkspace();
  const [open, setOpen] = useState(false);
  const runs = useStore(history).filter(({ asked }) => asked.workspaceId === workspaceId);
  return (
    <Popover open={open} onOpenChange={setOpen}>
      <PopoverTrigger asChild>
        <Button>
          <History /> History
          {runs.length > 0 && <span className="text-muted-foreground">{runs.length}</span>}
        </Button>
      </PopoverTrigger>
      <PopoverContent align="end" aria-label="History" className="w-[min(26rem,calc(100vw-2rem))] p-1">
        {runs.length === 0 ? (
          <p className="px-3 py-6 text-center text-muted-foreground">
            What you run here is kept until you leave.
          </p>
        ) : (
          <ul className="max-h-96 overflow-y-auto">
            {runs.map((run) => (
              <li key={run.id}>
                <button
                  type="button"
                  onClick={() => {
                    setOpen(false);
                    onPick(run);
                  }}
                  className="flex h-9 w-full items-center gap-3 rounded-sm px-2 text-left hover:bg-muted"
                >
                  <AnswerBadge answered={run.answered} />
                  <code className="min-w-0 flex-1 truncate">{run.asked.action}</code>
                  <span className="text-muted-foreground text-xs">{formatDuration(run.answered.took)}</span>
                  <TimeAgo time={run.at} className="text-muted-foreground text-xs" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </PopoverContent>
    </Popover>
  );
}
