// The services themselves: emulate's Google and Slack, and Prism with the shape of Google Sheets. All as they
// come from the registry; only where they listen is settled here.

import { Server } from 'node:net';

import { createLogger } from '@stoplight/prism-core';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { createServer } from '@stoplight/prism-http-server';
import { createEmulator } from 'emulate';

/** Waits until `server` listens on a free loopback port; its base URL. */
export async function listen(server) {
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${server.address().port}`;
}

// emulate can be told a port but no address, and would listen on every interface of the machine.
async function onLoopback(start) {
  const original = Server.prototype.listen;
  let listening;
  Server.prototype.listen = function loopbackOnly() {
    listening = new Promise((resolve, reject) => {
      this.once('error', reject);
      original.call(this, 0, '127.0.0.1', () => resolve(`http://127.0.0.1:${this.address().port}`));
    });
    return this;
  };
  try {
    await start();
  } finally {
    Server.prototype.listen = original;
  }
  return listening;
}

/** emulate's Gmail and Drive; `aliases` maps each account to the tokens that mean it. */
export function google(accounts, aliases) {
  const tokens = {};
  for (const account of accounts) {
    for (const token of aliases[account].tokens) tokens[token] = { login: account, scopes: [] };
  }
  const users = accounts.map((email) => ({ email, name: email.split('@')[0] }));
  return onLoopback(() => createEmulator({ service: 'google', seed: { tokens, google: { users } } }));
}

/** emulate's Slack, its advertised URLs those of the guard; its bot's token scopes are enforced. */
export function slack(publicUrl, settings, aliases) {
  const bot = { bot_id: 'B0PORTWAY', bot_user_id: 'U0PORTWAY', app_id: 'A0PORTWAY' };
  const scopes = ['chat:write', 'channels:read', 'channels:history', 'users:read'];
  const app = {
    ...bot, name: 'Portway', bot_name: 'portway', client_id: settings.slack_client_id,
    client_secret: settings.slack_client_secret, redirect_uris: settings.redirect_uris, scopes,
  };
  const tokens = aliases.tokens.map((token) => ({ ...bot, token, type: 'bot', user_id: bot.bot_user_id, scopes }));
  const seed = { slack: { oauth_apps: [app], tokens, strict_scopes: true } };
  return onLoopback(() => createEmulator({ service: 'slack', baseUrl: publicUrl, seed }));
}

/** Prism: refuses requests that do not fit the document, and answers the others with its examples. */
export async function sheets() {
  const operations = await getHttpOperationsFromSpec(new URL('sheets.openapi.json', import.meta.url).pathname);
  const server = createServer(operations, {
    cors: false,
    config: {
      checkSecurity: false, errors: true, isProxy: false, mock: { dynamic: false }, upstreamProxy: undefined,
      validateRequest: true, validateResponse: true,
    },
    components: { logger: createLogger('sheets', { level: 'silent' }) },
  });
  return server.listen(0, '127.0.0.1');
}
