// Requests and answers, as the servers here speak of them.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Ends a request with this answer. */
export class Refusal extends Error {
  constructor(status, json, headers = {}) {
    super(JSON.stringify(json));
    this.answer = { status, json, headers };
  }
}

/** First 16 hex digits of a secret's SHA-256: tells two secrets apart without showing either. */
export function fingerprint(secret) {
  return createHash('sha256').update(secret).digest('hex').slice(0, 16);
}

/** A request with its whole body: {method, path, query, headers, text, json, form}. */
export async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const { pathname, searchParams } = new URL(request.url, 'http://service');
  const type = request.headers['content-type'] ?? '';
  return {
    method: request.method,
    url: request.url,
    path: pathname,
    query: searchParams,
    headers: request.headers,
    text,
    json: type.startsWith('application/json') ? JSON.parse(text) : null,
    form: type.startsWith('application/x-www-form-urlencoded') ? new URLSearchParams(text) : null,
  };
}

/** Writes {status, json} or {status, form} or {status, location}. */
export function write(response, { status = 200, json, form, location, headers = {} }) {
  if (location) response.writeHead(status === 200 ? 302 : status, { ...headers, location }).end();
  else if (form) {
    response.writeHead(status, { ...headers, 'content-type': 'application/x-www-form-urlencoded' }).end(String(form));
  } else {
    response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(json ?? {}));
  }
}

/** What stands after a scheme in `Authorization`, or null. Schemes are told apart as they are written. */
export function credentials(request, scheme) {
  const header = request.headers.authorization ?? '';
  return header.startsWith(`${scheme} `) ? header.slice(scheme.length + 1) : null;
}

/** User name and password of HTTP Basic (RFC 7617), or null. */
export function basic(request) {
  const encoded = credentials(request, 'Basic');
  if (encoded === null) return null;
  const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  return name === undefined ? null : { name, password };
}

/** Whether two secrets are the same. */
export function same(given, expected) {
  const [one, other] = [given ?? '', expected].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one, other);
}
