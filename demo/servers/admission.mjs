// Who may pass a guard: Google's rules (token, expiry, scope) and Slack's (token; errors come with status 200).

import { randomBytes } from 'node:crypto';

const GOOGLE = 'https://www.googleapis.com/auth/';
const MAIL = ['https://mail.google.com/', `${GOOGLE}gmail.modify`];
const DRIVE = [`${GOOGLE}drive`, `${GOOGLE}drive.file`];
const SHEETS = [`${GOOGLE}drive`, `${GOOGLE}drive.file`, `${GOOGLE}spreadsheets`];

// What Google's Discovery documents list under "scopes" of each method; any one of them is enough.
const NEEDED = [
  ['POST', /^\/(upload\/)?gmail\/v1\/users\/[^/]+\/messages\/send$/, [...MAIL, `${GOOGLE}gmail.compose`, `${GOOGLE}gmail.send`]],
  ['GET', /^\/gmail\//, [...MAIL, `${GOOGLE}gmail.readonly`]],
  [null, /^\/(upload\/)?gmail\//, [...MAIL, `${GOOGLE}gmail.compose`]],
  ['GET', /^\/drive\//, [...DRIVE, `${GOOGLE}drive.readonly`]],
  [null, /^\/(upload\/)?drive\//, DRIVE],
  ['GET', /^\/v4\/spreadsheets\//, [...SHEETS, `${GOOGLE}drive.readonly`, `${GOOGLE}spreadsheets.readonly`]],
  [null, /^\/v4\/spreadsheets/, SHEETS],
  [null, /^\/calendar\//, [`${GOOGLE}calendar`, `${GOOGLE}calendar.events`]],
];

/**
 * Tokens for emulate, which refuses the 5,001st request of one token within an hour: each stands for the same
 * user, and the next one takes over in time.
 */
export class Aliases {
  #used = 0;

  constructor() {
    this.tokens = Array.from({ length: 64 }, () => randomBytes(16).toString('hex'));
  }

  next() {
    return this.tokens[Math.floor(this.#used++ / 4_500) % this.tokens.length];
  }
}

/** Google's check; `aliases` maps an account to the tokens that emulate knows it by. */
export function googleAdmission(provider, aliases) {
  return async (request, token, entry) => {
    const record = token && await provider.AccessToken.find(token);
    if (!record) return { refusal: unauthenticated(Boolean(token)) };
    entry.account = record.accountId;
    const { pathname } = new URL(request.url, 'http://service');
    const rule = NEEDED.find(([method, path]) => (!method || method === request.method) && path.test(pathname));
    const granted = new Set(record.scope?.split(' '));
    if (rule && !rule[2].some((scope) => granted.has(scope))) return { refusal: insufficient(rule[2]) };
    return { headers: { authorization: `Bearer ${aliases[record.accountId].next()}` } };
  };
}

function unauthenticated(given) {
  const message = given
    ? 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid '
      + 'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'
    : 'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other '
      + 'valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
  const challenge = 'Bearer realm="https://accounts.google.com/"';
  return {
    status: 401,
    headers: { 'www-authenticate': given ? `${challenge}, error="invalid_token"` : challenge },
    json: {
      error: {
        code: 401,
        message,
        errors: [{ message: 'Invalid Credentials', domain: 'global', reason: 'authError', location: 'Authorization', locationType: 'header' }],
        status: 'UNAUTHENTICATED',
      },
    },
  };
}

function insufficient(scopes) {
  return {
    status: 403,
    headers: {
      'www-authenticate':
        `Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="${scopes.join(' ')}"`,
    },
    json: {
      error: {
        code: 403,
        message: 'Request had insufficient authentication scopes.',
        errors: [{ message: 'Insufficient Permission', domain: 'global', reason: 'insufficientPermissions' }],
        status: 'PERMISSION_DENIED',
        details: [{
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
          domain: 'googleapis.com',
        }],
      },
    },
  };
}

/** Slack's check: the seeded bot token, and tokens that its own OAuth endpoint handed out through the guard. */
export function slackAdmission(seeded, aliases) {
  const issued = new Set();
  const learn = (data) => {
    const answer = JSON.parse(data);
    for (const token of [answer.access_token, answer.authed_user?.access_token]) if (token) issued.add(token);
  };
  return async (request, token) => {
    const { pathname } = new URL(request.url, 'http://service');
    if (pathname === '/api/oauth.v2.access') {
      return { headers: request.headers.authorization ? { authorization: request.headers.authorization } : {}, learn };
    }
    if (!pathname.startsWith('/api/')) return { headers: {} };
    if (token === seeded) return { headers: { authorization: `Bearer ${aliases.next()}` } };
    if (issued.has(token)) return { headers: { authorization: `Bearer ${token}` } };
    return { refusal: { status: 200, headers: {}, json: { ok: false, error: token ? 'invalid_auth' : 'not_authed' } } };
  };
}
