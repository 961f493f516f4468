// Services where a login is exchanged for a session: a token with a lifetime, and what comes along with it.

import { randomBytes } from 'node:crypto';

import { cookie } from './doors.mjs';
import { Refusal, credentials, fingerprint, same } from './wire.mjs';

const HOUR = 3_600_000;

/** `handle` answers `/logins/<service>`, `doors` let their sessions in, `end` ends that of a token's fingerprint. `keys`: see doors.mjs. */
export function logins(keys) {
  const sessions = new Map(); // by token
  const open = (service, more = {}) => {
    const token = randomBytes(24).toString('base64url');
    sessions.set(token, { service, until: Date.now() + HOUR, ...more });
    return token;
  };
  const known = (service, token) => {
    const session = sessions.get(token);
    return session?.service === service && session.until > Date.now() ? session : null;
  };
  const check = (name, password, refusal) => {
    if (!same(name, keys.username) || !same(password, keys.password)) throw refusal;
  };
  const services = {
    // https://spec.matrix.org/v1.15/client-server-api/#post_matrixclientv3login
    matrix(request) {
      const { type, identifier, password } = request.json ?? {};
      const refusal = new Refusal(403, { errcode: 'M_FORBIDDEN', error: 'Invalid username or password' });
      if (type !== 'm.login.password' || identifier?.type !== 'm.id.user') throw new Refusal(400, { errcode: 'M_UNKNOWN', error: 'Bad login type' });
      check(identifier.user, password, refusal);
      return { user_id: `@${identifier.user}:example.org`, access_token: open('matrix'), expires_in_ms: HOUR, device_id: 'GHTYAJCE' };
    },
    // https://pve.proxmox.com/wiki/Proxmox_VE_API#Ticket_Cookie
    proxmox(request) {
      check(request.form?.get('username'), request.form?.get('password'), new Refusal(401, { data: null, message: 'authentication failure' }));
      const csrf = randomBytes(12).toString('hex');
      return { data: { username: keys.username, ticket: open('proxmox', { csrf }), CSRFPreventionToken: csrf } };
    },
    // https://help.tableau.com/current/api/rest_api/en-us/REST/rest_api_concepts_auth.htm, and its sites.
    tableau(request) {
      const { personalAccessTokenName: name, personalAccessTokenSecret: secret, site } = request.json?.credentials ?? {};
      check(name, secret, new Refusal(401, { error: { summary: 'Signin Error', code: '401001', detail: 'Error signing in to Tableau Server' } }));
      return { credentials: { site: { id: `id-of-${site?.contentUrl}`, contentUrl: site?.contentUrl }, token: open('tableau') } };
    },
    // A key by Basic, a token in exchange, its end as a time: https://developer.sabre.com/guides/travel-agency/developer-guides/rest-apis-token-credentials
    // has the first part, https://docs.vmware.com's vCloud Director and others the second.
    basic(request) {
      const given = Buffer.from(credentials(request, 'Basic') ?? '', 'base64').toString();
      const at = given.indexOf(':');
      check(given.slice(0, at), given.slice(at + 1), new Refusal(401, { error: 'invalid_client', error_description: 'Wrong clientID or clientSecret' }));
      return { token: open('basic'), expires: new Date(Date.now() + HOUR).toISOString() };
    },
  };
  const entered = (service, token) => known(service, token) && { session: service, token: fingerprint(token) };
  return {
    handle: (request) => {
      const service = services[request.path.split('/')[2]];
      if (!service) throw new Refusal(404, { error: 'not found' });
      return { json: service(request) };
    },
    doors: {
      matrix: (request) => entered('matrix', credentials(request, 'Bearer')),
      proxmox: (request) => {
        const ticket = cookie(request, 'PVEAuthCookie');
        const session = known('proxmox', ticket && decodeURIComponent(ticket));
        // Whatever changes something needs the second token too.
        if (!session || (request.method !== 'GET' && !same(request.headers.csrfpreventiontoken, session.csrf))) return null;
        return entered('proxmox', decodeURIComponent(ticket));
      },
      tableau: (request) => entered('tableau', request.headers['x-tableau-auth']),
      login_basic: (request) => entered('basic', credentials(request, 'Bearer')),
    },
    end(token) {
      for (const each of [...sessions.keys()]) if (fingerprint(each) === token) sessions.delete(each);
    },
  };
}
