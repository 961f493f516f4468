import type { RequestLimitOutput } from "@/api";
import { formatNumber } from "@/lib/format";

export const PERIODS = [
  { seconds: 1, word: "second" },
  { seconds: 60, word: "minute" },
  { seconds: 3600, word: "hour" },
  { seconds: 86_400, word: "day" },
] as const;

/** `600 a minute`, `5 in 10 s`. */
export function limitInWords({ requests, per_seconds }: RequestLimitOutput): string {
  const period = PERIODS.find(({ seconds }) => seconds === per_seconds);
  return `${formatNumber(requests)} ${period ? `a ${period.word}` : `in ${formatNumber(per_seconds)} s`}`.replace(
    "a hour",
    "an hour",
  );
}

export function limitsInWords(limits: readonly RequestLimitOutput[]): string {
  return limits.map(limitInWords).join(", ");
}
