import { describe, expect, it, vi } from "vitest";
import { Problem, problemOf, reach } from "./problem";

const document = {
  type: "about:blank",
  title: "Invalid parameters",
  status: 422,
  code: "invalid_parameters",
  detail: "The parameters do not fit.",
  errors: [
    { pointer: "/parameters/to/0", message: "Not an address." },
    { pointer: "/parameters", message: "Too many." },
    { pointer: "/parametersX", message: "Another's." },
  ],
};

describe("a problem", () => {
  it("is what the gateway answered, with the request's id", () => {
    const response = new Response(null, {
      status: 422,
      headers: { "X-Request-Id": "r-1", "Retry-After": "3" },
    });

    const problem = problemOf(document, response);

    expect(problem).toMatchObject({
      code: "invalid_parameters",
      requestId: "r-1",
      retryAfter: 3,
      temporary: false,
    });
  });

  it("tells faults by their place below another", () => {
    const faults = new Problem(document).faultsAt("/parameters");

    expect(Object.fromEntries(faults)).toEqual({ "/to/0": "Not an address.", "": "Too many." });
  });

  it("says so where there was no answer, and that it may go better", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));

    await expect(reach(new Request("http://gateway.test/"))).rejects.toMatchObject({
      code: "network_error",
      temporary: true,
    });
    vi.unstubAllGlobals();
  });

  it("takes no fault of the page for that", () => {
    expect(problemOf(new TypeError("undefined is not a function")).code).not.toBe("network_error");
  });

  it("says so where the answer is none of ours", () => {
    const problem = problemOf("<html>Bad gateway</html>", new Response(null, { status: 502 }));

    expect(problem).toMatchObject({ code: "unexpected_answer", status: 502, temporary: true });
  });

  it("stays what it is", () => {
    const problem = new Problem(document);

    expect(problemOf(problem)).toBe(problem);
  });
});
