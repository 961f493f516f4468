// The authorization server: oidc-provider, as it comes, with one client for each way to authenticate. Refresh tokens
// rotate, and a second use of one revokes the whole grant. Whatever name signs in is an account.

import { randomBytes } from 'node:crypto';

import { JWT_BEARER, jwtBearer } from './jwt_bearer.mjs';
import { MemoryAdapter, Provider, jose } from './packages.mjs';
import { fingerprint, read } from './wire.mjs';

export const SCOPES = ['openid', 'profile', 'email', 'offline_access', 'read', 'write', 'admin'];
const RETURN_PATHS = ['/api/v2/oauth/callback', '/vendors/return', '/api/v2/auth/providers/oidc/callback'];

// The adapter's own storage cannot be looked through.
class Storage extends Map {
  *payloads(model) {
    for (const [key, value] of this) if (key.startsWith(`${model}:`)) yield [key, value];
  }
}

/** `settings.clients` are the clients' metadata (RFC 7591) by a name of ours, `settings.audiences` resource servers. */
export async function authorizationServer(issuer, settings) {
  const { privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  const storage = new Storage();
  const records = [];
  const offline = new Set(); // codes of authorization requests that said access_type=offline
  const names = new Map(Object.entries(settings.clients).map(([name, { client_id }]) => [client_id, name]));
  const named = (client) => names.get(client?.clientId);
  const provider = new Provider(issuer, {
    adapter: (model) => new MemoryAdapter(model, storage),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    clients: Object.values(settings.clients).map(metadata),
    cookies: { keys: [randomBytes(32).toString('hex')] },
    expiresWithSession: () => false,
    // `access_type` is Google's; its refresh tokens are for those who ask for them.
    extraParams: ['access_type', 'audience'],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_ctx, resource) => resourceServer(settings, resource),
        useGrantedResource: () => true,
      },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
    },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: !id.startsWith('unproved'), name: `Account of ${id.split('@')[0]}` }),
    }),
    issueRefreshToken: (_ctx, client, code) => (
      client.grantTypeAllowed('refresh_token') && (named(client) !== 'offline' || offline.delete(code.jti))
    ),
    jwks: { keys: [{ ...await jose.exportJWK(privateKey), alg: 'ES256', use: 'sig', kid: 'own' }] },
    pkce: { required: (_ctx, client) => named(client) !== 'without_pkce' },
    rotateRefreshToken: (ctx) => named(ctx.oidc.client) !== 'unrotated',
    scopes: SCOPES,
    ttl: {
      AccessToken: 3600, AuthorizationCode: 60, ClientCredentials: 3600, Grant: 86400, IdToken: 3600, Interaction: 600,
      RefreshToken: 86400, Session: 86400,
    },
  });
  provider.registerGrantType(JWT_BEARER, jwtBearer(provider, issuer, settings.service_accounts), ['assertion', 'scope']);
  provider.use((ctx, next) => (ctx.path.startsWith('/token') ? endpoint(ctx, next, { records, settings, names }) : next()));
  provider.on('authorization.success', (ctx, out) => {
    if (ctx.oidc.params.access_type === 'offline') offline.add(out.code);
  });
  for (const type of ['server_error', 'grant.revoked']) {
    provider.on(type, (_ctx, what) => {
      records.push({ type, detail: what?.message ?? null });
      if (type === 'server_error') console.error(what);
    });
  }
  return { provider, actions: { ...switches(provider, storage), records: () => records } };
}

function metadata(client) {
  return {
    application_type: 'native', // a loopback redirect URI is good for every port (RFC 8252)
    id_token_signed_response_alg: 'ES256',
    redirect_uris: client.grant_types.includes('authorization_code')
      ? RETURN_PATHS.map((path) => `http://127.0.0.1${path}`) : [],
    response_types: client.grant_types.includes('authorization_code') ? ['code'] : [],
    scope: SCOPES.join(' '),
    ...client,
  };
}

function resourceServer(settings, resource) {
  if (!settings.audiences.includes(resource)) throw new Error(`no resource server ${resource}`);
  return { scope: 'read write admin', audience: resource, accessTokenFormat: 'opaque', accessTokenTTL: 3600 };
}

// oidc-provider takes a client's secret in the body and by Basic alike. Many services do not, and neither do we.
async function endpoint(ctx, next, { records, settings, names }) {
  const request = await read(ctx.req);
  ctx.req.body = request.text;
  const given = new URLSearchParams(request.text);
  const record = {
    type: ctx.path, grant_type: given.get('grant_type'), parameters: [...given.keys()],
    authentication: authentication(request, given), accept: request.headers.accept ?? null,
    user_agent: request.headers['user-agent'] ?? null, client: null, status: null, error: null,
  };
  records.push(record);
  await next();
  const { client } = ctx.oidc;
  record.client = names.get(client?.clientId) ?? null;
  const wanted = settings.clients[record.client]?.token_endpoint_auth_method;
  if (ctx.status < 400 && wanted !== record.authentication) {
    ctx.status = 401;
    ctx.body = { error: 'invalid_client', error_description: `this client authenticates by ${wanted}` };
  }
  Object.assign(record, { status: ctx.status, error: ctx.body?.error ?? null });
}

function authentication(request, given) {
  if (request.headers.authorization) return 'client_secret_basic';
  if (given.has('client_assertion')) return 'private_key_jwt';
  return given.has('client_secret') ? 'client_secret_post' : 'none';
}

function switches(provider, storage) {
  const tokens = ['AccessToken', 'RefreshToken', 'ClientCredentials'];
  return {
    /** Models of the account's tokens, and of the token of this fingerprint, that are good. */
    living: ({ account, token }) => ({
      models: tokens.flatMap((model) => [...storage.payloads(model)].filter(([, payload]) => (
        !payload.consumed && (payload.accountId === account || fingerprint(payload.jti) === token)
      )).map(() => model)),
    }),
    invalidate: (token) => {
      for (const model of tokens) {
        for (const [key, payload] of [...storage.payloads(model)]) if (fingerprint(payload.jti) === token) storage.delete(key);
      }
    },
    /** The account's owner takes back what was granted. */
    'revoke-grants': async ({ account }) => {
      for (const [key, payload] of [...storage.payloads('Grant')]) {
        if (payload.accountId !== account) continue;
        await provider.AccessToken.revokeByGrantId(payload.jti);
        await provider.RefreshToken.revokeByGrantId(payload.jti);
        storage.delete(key);
      }
    },
  };
}
