import { queryOptions } from "@tanstack/react-query";
import { getLog, getLogQueryKey, type LogOutput } from "@/api";
import { parseJson } from "@/lib/json";

/** One execution, with the numbers in its payloads as they were sent. */
export function executionOptions(id: string) {
  const path = { execution_id: id };
  return queryOptions<LogOutput>({
    queryKey: getLogQueryKey({ path }),
    queryFn: async ({ signal }) => {
      const { data } = await getLog({ path, parseAs: "text", signal, throwOnError: true });
      return parseJson(data as unknown as string) as LogOutput;
    },
    // It would make copies of long numbers that are none any more.
    structuralSharing: false,
  });
}
