// A resource server's own check, in front of the service stand-ins: emulate takes any token as its first user's,
// so whether a token is known, unexpired and broad enough is decided here, and answered as the service would.

import { Agent, createServer, request as send } from 'node:http';

import { fingerprint, readBody, suffer } from './control.mjs';

const NOT_PASSED_ON = ['authorization', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host', 'expect'];
const agent = new Agent({ keepAlive: true });

/**
 * A reverse proxy for `service` to `upstream` (a base URL; read at each request, so it may be set later).
 *
 * `admit(request, token, entry)` decides: {refusal: {status, headers, json}} or {headers, learn}, where headers take
 * the place of the caller's Authorization and learn(answerBody), if any, sees the answer.
 */
export function guard(settings) {
  const { service, admit, control } = settings;
  const server = createServer(async (request, response) => {
    try {
      await handle(request, response);
    } catch (error) {
      console.error(`${service}: ${request.method} ${request.url}: ${error.stack}`);
      if (!response.headersSent) answer(response, 502, { error: `stand-in failed: ${error.message}` });
    }
  });
  // Longer than clients keep idle connections, as big services have it: else each reuse is a race.
  server.keepAliveTimeout = 75_000;
  return server;

  async function handle(request, response) {
    const body = await readBody(request);
    const secret = request.url.startsWith('/api/oauth'); // a client secret in the body
    const entry = control.request(service, request, body, { secret });
    response.on('finish', () => { entry.status = response.statusCode; });
    const token = bearer(request);
    entry.token_fingerprint = token && fingerprint(token);
    const fault = control.takeFault(service);
    if (fault?.when === 'before' && await spoil(fault, request, response)) return;
    const admission = await admit(request, token, entry);
    if (admission.refusal) {
      const { status, headers, json } = admission.refusal;
      answer(response, status, json, headers);
      return;
    }
    const [head, data] = await forward(new URL(request.url, settings.upstream), request, admission.headers, body);
    admission.learn?.(data);
    if (fault?.when === 'after' && await spoil(fault, request, response)) return;
    response.writeHead(head.statusCode, passed(head.headers)).end(data);
  }
}

/** The bearer token of a request, or null. */
export function bearer(request) {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

async function spoil(fault, request, response) {
  const refusal = await suffer(fault);
  if (refusal === null) return false;
  if (refusal === 'drop') request.socket.destroy();
  else answer(response, refusal, fault.body ?? { error: 'asked for by the control server' }, fault.headers);
  return true;
}

function answer(response, status, json, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers });
  response.end(JSON.stringify(json));
}

function passed(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.includes(name)));
}

function forward(url, request, headers, body) {
  const options = { method: request.method, agent, headers: { ...passed(request.headers), ...headers } };
  if (body.length) options.headers['content-length'] = body.length;
  return new Promise((resolve, reject) => {
    send(url, options, (reply) => readBody(reply).then((data) => resolve([reply, data]), reject))
      .on('error', reject).end(body);
  });
}
