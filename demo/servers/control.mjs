// What the stand-ins saw, and how they are told to misbehave. Read and set over the control server (loopback,
// its own bearer token), so that a test or the tour can assert what reached the other side.

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const BODY_KEPT = 64 * 1024; // bytes of one JSON body that a record keeps
const BODIES_KEPT = 64 * 1024 * 1024; // bytes of all kept bodies; the oldest records lose theirs first
const RECORDS_KEPT = 50_000;
const PRIVATE_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie']);

/** First 16 hex digits of a secret's SHA-256: tells two secrets apart without showing either. */
export function fingerprint(secret) {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16);
}

/** The whole body of a request. */
export async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export class Control {
  #serial = 0;
  #events = [];
  #requests = [];
  #keptBytes = 0;
  #oldestBody = 0;
  #counters = new Map();
  #faults = [];

  /** Adds one to a counter, such as `requests:gmail` or `token_requests:refresh_token`. */
  count(name) {
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1);
  }

  /** Something the authorization server did. */
  event(type, details) {
    this.#events.push({ id: ++this.#serial, at: new Date().toISOString(), type, ...details });
    if (this.#events.length > RECORDS_KEPT) this.#events.shift();
  }

  /** A request that reached a service, before anything is decided about it; the answer fills in the rest. */
  request(service, incoming, body, { secret = false } = {}) {
    this.count(`requests:${service}`);
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).filter(([name]) => !PRIVATE_HEADERS.has(name)),
    );
    const entry = {
      id: ++this.#serial, at: new Date().toISOString(), service, method: incoming.method, path: incoming.url,
      headers, size: body.length, sha256: createHash('sha256').update(body).digest('hex'), json: null,
      token_fingerprint: null, account: null, status: null,
    };
    if (!secret && body.length <= BODY_KEPT && /json/.test(incoming.headers['content-type'] ?? '')) {
      try {
        entry.json = JSON.parse(body);
        this.#keptBytes += body.length;
      } catch {
        // Not JSON after all: the size and the hash stay.
      }
    }
    this.#requests.push(entry);
    this.#trim();
    return entry;
  }

  #trim() {
    while (this.#keptBytes > BODIES_KEPT) {
      const oldest = this.#requests[this.#oldestBody++];
      if (oldest.json !== null) this.#keptBytes -= oldest.size;
      oldest.json = null;
    }
    if (this.#requests.length > RECORDS_KEPT) {
      const [dropped] = this.#requests.splice(0, 1);
      if (dropped.json !== null) this.#keptBytes -= dropped.size;
      this.#oldestBody = Math.max(0, this.#oldestBody - 1);
    }
  }

  /** The next fault due for `service`, used up once; none is undefined. */
  takeFault(service) {
    const fault = this.#faults.find((each) => each.service === service);
    if (fault && --fault.times <= 0) this.#faults.splice(this.#faults.indexOf(fault), 1);
    return fault;
  }

  addFault(fault) {
    this.#faults.push({ times: 1, delay_seconds: 0, when: 'before', status: null, drop: false, ...fault });
  }

  clearFaults() {
    this.#faults.length = 0;
  }

  since(kind, after, service) {
    const list = kind === 'events' ? this.#events : this.#requests;
    return list.filter((each) => each.id > after && (!service || each.service === service));
  }

  get counters() {
    return Object.fromEntries(this.#counters);
  }
}

/** Waits as the fault says; a number is the status to answer with, 'drop' means to hang up without an answer. */
export async function suffer(fault) {
  if (fault.delay_seconds > 0) await sleep(fault.delay_seconds * 1000);
  return fault.drop ? 'drop' : fault.status;
}

/** The control server: reads `control` and calls `actions` ({name: async (body) => answer}) by POST /name. */
export function controlServer(control, token, actions) {
  const expected = Buffer.from(`Bearer ${token}`);
  return createServer(async (request, response) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    const allowed = given.length === expected.length && timingSafeEqual(given, expected);
    const [status, answer] = allowed ? await carryOut(request) : [401, { error: 'wrong control token' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });

  async function carryOut(request) {
    const url = new URL(request.url, 'http://control');
    const name = url.pathname.slice(1);
    if (request.method === 'GET' && name === 'counters') return [200, control.counters];
    if (request.method === 'GET' && (name === 'events' || name === 'requests')) {
      const after = Number(url.searchParams.get('after') ?? 0);
      return [200, control.since(name, after, url.searchParams.get('service'))];
    }
    const action = request.method === 'POST' ? actions[name] : undefined;
    if (!action) return [404, { error: `no ${request.method} ${name}` }];
    const body = await readBody(request);
    return [200, (await action(body.length ? JSON.parse(body) : {})) ?? {}];
  }
}
