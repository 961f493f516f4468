import { CircleCheck, CircleX } from "lucide-react";
import { StateBadge } from "@/components/status-badge";
import type { Answered } from "../request/execution";

/** How it ended, with the status that says so. */
export function AnswerBadge({ answered }: { answered: Answered }) {
  if (answered.kind === "problem")
    return (
      <StateBadge tone="danger" icon={CircleX}>
        {answered.problem.status > 0 ? String(answered.problem.status) : "Failed"}
      </StateBadge>
    );
  const status = answered.kind === "success" ? answered.success.status_code : 200;
  return (
    <StateBadge tone="success" icon={CircleCheck}>
      {String(status)}
    </StateBadge>
  );
}
