/** One fault of what was sent; `pointer` (RFC 6901) says where. */
export interface Fault {
  pointer: string;
  message: string;
}

/** What the service behind an integration answered. */
export interface Upstream {
  status_code: number;
  body?: unknown;
  headers?: Record<string, string>;
}

interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: Fault[];
  execution_id?: string;
  authorize_url?: string;
  upstream?: Upstream;
}

/** The RFC 9457 problem that the gateway answered, or that kept it from answering (`network_error`). */
export class Problem extends Error implements ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: Fault[];
  readonly execution_id?: string;
  readonly authorize_url?: string;
  readonly upstream?: Upstream;
  readonly requestId?: string;
  /** In seconds, where the gateway says when it may be tried again. */
  readonly retryAfter?: number;

  constructor(document: ProblemDocument, response?: Response) {
    super(document.detail);
    this.name = "Problem";
    this.type = document.type;
    this.title = document.title;
    this.status = document.status;
    this.code = document.code;
    this.detail = document.detail;
    this.errors = document.errors ?? [];
    this.execution_id = document.execution_id;
    this.authorize_url = document.authorize_url;
    this.upstream = document.upstream;
    this.requestId = response?.headers.get("X-Request-Id") ?? undefined;
    const seconds = Number(response?.headers.get("Retry-After"));
    this.retryAfter = seconds > 0 ? seconds : undefined;
  }

  /** Whether it may go well the next time, unchanged. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  /** The faults by their place, without what is around the given place: `/parameters`, say. */
  faultsAt(prefix = ""): Map<string, string> {
    const inside = this.errors.filter(
      ({ pointer }) => pointer === prefix || pointer.startsWith(`${prefix}/`),
    );
    return new Map(inside.map(({ pointer, message }) => [pointer.slice(prefix.length), message]));
  }
}

/** `fetch`. Throws a Problem where there is no answer: the browser's error is one of programs as well. */
export async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    throw error instanceof TypeError ? new Problem(NO_ANSWER) : error;
  }
}

/** Whatever was thrown, as a problem. */
export function problemOf(error: unknown, response?: Response): Problem {
  if (error instanceof Problem) return error;
  if (isDocument(error)) return new Problem(error, response);
  if (response) return new Problem(unreadable(response), response);
  return new Problem({ ...OWN_FAULT, detail: error instanceof Error ? error.message : String(error) });
}

function isDocument(value: unknown): value is ProblemDocument {
  return typeof value === "object" && value !== null && "code" in value && "detail" in value;
}

function unreadable(response: Response): ProblemDocument {
  return {
    type: "about:blank",
    title: "Unexpected answer",
    status: response.status,
    code: "unexpected_answer",
    detail: `The gateway, or something before it, answered ${response.status} without saying why.`,
  };
}

const NO_ANSWER: ProblemDocument = {
  type: "about:blank",
  title: "No answer",
  status: 0,
  code: "network_error",
  detail: "The gateway did not answer. Check your connection, and whether the gateway runs.",
};

const OWN_FAULT: ProblemDocument = {
  type: "about:blank",
  title: "Something went wrong on this page",
  status: -1,
  code: "console_error",
  detail: "",
};
