// The authorization server in front of the Google stand-ins: oidc-provider, as it comes, with rotating refresh
// tokens (a second use of one revokes the whole grant), PKCE required, and its own sign-in and consent pages.

import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

import { Provider } from 'oidc-provider';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';

import { fingerprint, readBody, suffer } from './control.mjs';

const GOOGLE = 'https://www.googleapis.com/auth/';
export const SCOPES = [
  'https://mail.google.com/',
  ...['calendar', 'calendar.events', 'drive', 'drive.file', 'drive.metadata.readonly', 'drive.readonly', 'gmail.compose',
    'gmail.modify', 'gmail.readonly', 'gmail.send', 'spreadsheets', 'spreadsheets.readonly'].map((name) => GOOGLE + name),
];

// The adapter's own storage forgets the oldest of a thousand entries, which under load are live tokens.
class Storage extends Map {
  get(key) {
    const entry = super.get(key);
    if (entry && entry.until <= Date.now()) this.delete(key);
    return entry && entry.until > Date.now() ? entry.value : undefined;
  }

  set(key, value, { maxAge = Infinity } = {}) {
    return super.set(key, { value, until: Date.now() + maxAge });
  }

  *payloads(model) {
    for (const key of [...this.keys()]) {
      const value = key.startsWith(`${model}:`) ? this.get(key) : undefined;
      if (value) yield [key, value];
    }
  }
}

/** The provider and what the control server may do to it. `settings`: see main.mjs. */
export async function authorizationServer(issuer, settings, control) {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const storage = new Storage();
  const lifetime = { seconds: settings.access_token_seconds };
  const offline = new Set(); // codes of authorization requests that said access_type=offline, as Google wants it
  const provider = new Provider(issuer, {
    adapter: (model) => new MemoryAdapter(model, storage),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    clients: [{
      client_id: settings.client_id,
      client_secret: settings.client_secret,
      client_name: 'Portway',
      // A loopback redirect URI matches with any port (RFC 8252), so the gateway may choose its port later.
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: settings.redirect_uris,
      token_endpoint_auth_method: 'client_secret_post',
    }],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    expiresWithSession: () => false,
    extraParams: ['access_type', 'include_granted_scopes', 'hd'],
    features: {
      devInteractions: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
    },
    findAccount: (_ctx, id) => settings.accounts.includes(id)
      ? { accountId: id, claims: () => ({ sub: id, email: id, email_verified: true, name: id.split('@')[0] }) }
      : undefined,
    issueRefreshToken: (_ctx, _client, code) => offline.delete(code.jti),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'stand-in' }] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    scopes: ['openid', ...SCOPES],
    ttl: {
      AccessToken: () => lifetime.seconds, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 600,
      RefreshToken: 86400, Session: 86400,
    },
  });
  provider.use((ctx, next) => (ctx.path === '/token' ? token(ctx, next, control) : next()));
  observe(provider, control, offline);
  return { provider, actions: switches(provider, storage, lifetime, control) };
}

// Around the token endpoint: counts, and the faults asked for. A fault "after" loses an answer that was carried
// out, which is what a crash between exchange and storing looks like from the server's side.
async function token(ctx, next, control) {
  const body = (await readBody(ctx.req)).toString();
  ctx.req.body = body;
  const form = new URLSearchParams(body);
  const grant_type = form.get('grant_type');
  const refresh_token = form.get('refresh_token');
  const details = { grant_type, refresh_token_fingerprint: refresh_token && fingerprint(refresh_token) };
  control.count(`token_requests:${grant_type}`);
  control.event('token.requested', details);
  const fault = control.takeFault('token');
  let refusal = fault?.when === 'before' ? await suffer(fault) : null;
  if (refusal === null) await next();
  if (fault?.when === 'after') refusal = await suffer(fault);
  if (refusal === 'drop') {
    ctx.respond = false;
    ctx.req.socket.destroy();
  } else if (refusal !== null) {
    ctx.status = refusal;
    ctx.body = fault.body ?? { error: 'temporarily_unavailable', error_description: 'asked for by the control server' };
  }
  control.event('token.answered', { ...details, status: refusal ?? ctx.status, error: ctx.body?.error ?? null });
}

function observe(provider, control, offline) {
  const describe = (ctx) => ({
    client_id: ctx.oidc.client?.clientId ?? null,
    account: ctx.oidc.account?.accountId ?? null,
    grant_id: ctx.oidc.entities.Grant?.jti ?? null,
    grant_type: ctx.oidc.params?.grant_type ?? null,
  });
  provider.on('authorization.success', (ctx, out) => {
    if (ctx.oidc.params.access_type === 'offline') offline.add(out.code);
    control.event('authorization.success', { ...describe(ctx), scope: ctx.oidc.params.scope });
  });
  provider.on('grant.success', (ctx) => control.event('grant.success', describe(ctx)));
  provider.on('grant.revoked', (ctx, grant_id) => control.event('grant.revoked', { ...describe(ctx), grant_id }));
  for (const type of ['authorization.error', 'grant.error', 'revocation.error', 'server_error']) {
    provider.on(type, (ctx, error) => control.event(type, {
      ...describe(ctx), error: error.error ?? error.message, detail: error.error_detail ?? error.error_description,
    }));
  }
}

function switches(provider, storage, lifetime, control) {
  const chosen = (payload, account) => !account || payload.accountId === account;
  return {
    // Every access token of the account (of all, without one) stops working at once; the grants stay.
    'invalidate-access-tokens': ({ account }) => {
      let count = 0;
      for (const [key, payload] of storage.payloads('AccessToken')) {
        if (chosen(payload, account)) count += Number(storage.delete(key));
      }
      return { count };
    },
    // The account's owner takes the permission back: access and refresh tokens are gone.
    'revoke-grants': async ({ account }) => {
      let count = 0;
      for (const [, payload] of storage.payloads('Grant')) {
        if (!chosen(payload, account)) continue;
        await provider.AccessToken.revokeByGrantId(payload.jti);
        await provider.Grant.adapter.destroy(payload.jti);
        control.event('grant.revoked', { grant_id: payload.jti, account: payload.accountId, by: 'owner' });
        count += 1;
      }
      return { count };
    },
    // For access tokens issued from now on.
    'access-token-lifetime': ({ seconds }) => {
      lifetime.seconds = seconds;
    },
  };
}
