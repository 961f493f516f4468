// Starts every server on free loopback ports. Settings come as one line of JSON on standard input, with all secrets in
// it; the addresses go out as one line on standard output. When standard input ends, so do we.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { layers } from './layers.mjs';
import { logins } from './logins.mjs';
import { authorizationServer } from './provider.mjs';
import { resources } from './resource.mjs';
import { Refusal, read, same, write } from './wire.mjs';

// Standard output carries the addresses only.
console.log = console.info = console.error;

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => start(JSON.parse(line)).catch((error) => {
  console.error(error);
  process.exit(1);
}));
lines.once('close', () => process.exit(0));

async function start(settings) {
  // On two hosts of loopback, which differ by a part of their name.
  const [front, other] = [createServer(), createServer()];
  const port = await listen(front, '127.0.0.1');
  await listen(other, '127.0.0.2', port);
  const issuer = `http://127.0.0.1:${port}`;
  const { provider, actions } = await authorizationServer(issuer, settings);
  const sessions = logins(settings.keys);
  const inFront = layers(issuer, provider);
  const own = { api: resources(provider, sessions, settings), logins: sessions.handle, vendors: inFront.handle };
  const oidc = provider.callback();
  for (const server of [front, other]) {
    server.on('request', (request, response) => {
      const handle = own[request.url.split(/[/?]/)[1]];
      if (handle) answer(handle, request, response);
      else oidc(request, response);
    });
  }
  const switches = {
    ...actions,
    ...inFront.actions,
    /** The token of this fingerprint stops working, whoever gave it out; what renews it stays. */
    invalidate: ({ token }) => { actions.invalidate(token); sessions.end(token); },
  };
  const controlled = async (request) => {
    if (!same(request.headers.authorization, `Bearer ${settings.control_token}`)) throw new Refusal(401, {});
    return { json: await switches[request.path.slice(1)](request.json ?? {}) ?? {} };
  };
  const control = createServer((request, response) => answer(controlled, request, response));
  const control_url = `http://127.0.0.1:${await listen(control, '127.0.0.1')}`;
  process.stdout.write(`${JSON.stringify({ issuer, port, control_url })}\n`);
}

async function answer(handle, request, response) {
  try {
    write(response, await handle(await read(request)));
  } catch (error) {
    if (error instanceof Refusal) write(response, error.answer);
    else {
      console.error(`${request.method} ${request.url}: ${error.stack}`);
      write(response, { status: 500, json: { error: 'a fault of the test servers' } });
    }
  }
}

function listen(server, host, port = 0) {
  server.keepAliveTimeout = 75_000; // longer than clients keep idle connections: else each reuse is a race
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve(server.address().port));
  });
}
