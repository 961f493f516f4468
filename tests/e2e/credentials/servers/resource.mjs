// The services behind the gateway: each path `/api/<door>/...` lets in whoever its door knows, and tells who came.

import { keyDoors } from './doors.mjs';
import { awsDoor } from './aws.mjs';
import { selfSigned } from './self_signed.mjs';
import { Refusal, credentials, fingerprint } from './wire.mjs';

/** `sessions` are those of the logins, `settings` what main.mjs got. */
export function resources(provider, sessions, settings) {
  const doors = {
    ...tokenDoors(provider),
    ...keyDoors(settings.keys),
    ...sessions.doors,
    aws: awsDoor(settings.aws),
    signed: selfSigned(settings.issuers),
    // Whoever sends a credential here has told it to a stranger.
    open: (request) => (request.headers.authorization || request.headers.cookie ? null : {}),
  };
  return async (request) => {
    const [, , name, ...rest] = request.path.split('/');
    const who = await doors[name]?.(request);
    if (!who) throw new Refusal(401, { error: 'unauthorized', error_description: `the door ${name} stays shut` });
    if (rest.at(-1) === 'admin' && !who.scope?.split(' ').includes('admin')) {
      throw new Refusal(403, { error: 'insufficient_scope' });
    }
    return { json: { ...who, door: name, path: `/${rest.join('/')}`, host: request.headers.host, method: request.method, sent: body(request) } };
  };
}

// What came besides the credential, which doors take out of it.
function body(request) {
  return request.json ?? (request.form && Object.fromEntries(request.form));
}

function tokenDoors(provider) {
  const admit = async (token) => {
    if (!token) return null;
    const found = await provider.AccessToken.find(token) ?? await provider.ClientCredentials.find(token);
    if (!found?.isValid) return null;
    return {
      account: found.accountId ?? null, client_id: found.clientId, scope: found.scope ?? null, audience: found.aud ?? null,
      token: fingerprint(token),
    };
  };
  return {
    bearer: (request) => admit(credentials(request, 'Bearer')),
    token_scheme: (request) => admit(credentials(request, 'Token')),
    // https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant
    shopify: (request) => (request.headers.authorization ? null : admit(request.headers['x-shopify-access-token'])),
    query: (request) => (request.headers.authorization ? null : admit(request.query.get('access_token'))),
    form: (request) => {
      const token = request.form?.get('token');
      request.form?.delete('token');
      return request.headers.authorization ? null : admit(token);
    },
  };
}
