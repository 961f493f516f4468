import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Problem } from "@/api";
import { followLogs } from "./follow-logs";

const listener = {
  onOpen: vi.fn(),
  onExecutions: vi.fn(),
  onGap: vi.fn(),
  onBreak: vi.fn(),
  onRefused: vi.fn(),
};
const send = vi.hoisted(() => vi.fn());

vi.mock("@/api", async () => ({ ...(await import("@/api/problem")), fetchWithSession: send }));

function refusal(status: number): Response {
  const problem = { title: "No", status, code: "refused", detail: "Not so." };
  return new Response(JSON.stringify(problem), { status });
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

it.each([400, 403, 404])("ends where it is refused with %i, and says why", async (status) => {
  send.mockResolvedValueOnce(refusal(status));
  await followLogs({}, {}, listener, new AbortController().signal);
  expect(send).toHaveBeenCalledTimes(1);
  expect(listener.onRefused).toHaveBeenCalledWith(expect.any(Problem));
  expect(listener.onBreak).not.toHaveBeenCalled();
});

it("is tried again after a break, and leaves nothing behind", async () => {
  const ended = new AbortController();
  const added = vi.spyOn(ended.signal, "addEventListener");
  const removed = vi.spyOn(ended.signal, "removeEventListener");
  send.mockResolvedValue(refusal(503));
  const following = followLogs({}, {}, listener, ended.signal);
  await vi.advanceTimersByTimeAsync(3500);
  expect(listener.onBreak).toHaveBeenCalledTimes(3);
  ended.abort();
  await following;
  expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  expect(listener.onRefused).not.toHaveBeenCalled();
});
