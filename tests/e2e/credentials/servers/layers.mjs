// Layers in front of the authorization server: each speaks to clients as one vendor does, and to the server behind as
// the standards want it. What a layer does not translate goes through as it came.
//
// A vendor may say, each of them optional:
//   authorize(query)            from its authorization parameters to the standard ones
//   callback(query, asked)      from the standard redirect's parameters to its own
//   token(request, state)       from its token request to {form, headers}: a standard one
//   answer(answer, context)     from the standard {status, json} to its own {status, json | form}
//   others                      {path: (request, context) => answer}, what else it serves
// Each may throw a Refusal. `state` is the vendor's own memory.

import { randomBytes } from 'node:crypto';

import * as answers from './vendors/answers.mjs';
import * as callbacks from './vendors/callbacks.mjs';
import * as refreshing from './vendors/refreshing.mjs';
import * as requests from './vendors/requests.mjs';
import { Refusal, credentials } from './wire.mjs';

const VENDORS = { ...answers, ...callbacks, ...refreshing, ...requests };
const OWN_ERRORS = new Set(['error', 'error_description', 'iss', 'state', 'code']);

/** `issuer()` is the server's base URL. */
export function layers(issuer, provider) {
  const pending = new Map(); // our state: where the client wants the browser back
  const states = Object.fromEntries(Object.keys(VENDORS).map((name) => [name, { issued: new Map(), early: 0 }]));

  function authorize(name, request) {
    const vendor = VENDORS[name];
    const query = vendor.authorize?.(new URLSearchParams(request.query)) ?? new URLSearchParams(request.query);
    const state = randomBytes(16).toString('hex');
    pending.set(state, { name, redirect_uri: query.get('redirect_uri'), state: query.get('state'), query: request.query });
    query.set('redirect_uri', `${issuer}/vendors/return`);
    query.set('state', state);
    return { location: `http://${request.headers.host}/auth?${query}` };
  }

  function back(request) {
    const asked = pending.get(request.query.get('state'));
    if (!asked) throw new Refusal(400, { error: 'unknown state' });
    pending.delete(request.query.get('state'));
    const query = new URLSearchParams([...request.query].filter(([name]) => OWN_ERRORS.has(name) && name !== 'iss'));
    if (asked.state === null) query.delete('state');
    else query.set('state', asked.state);
    VENDORS[asked.name].callback?.(query, asked);
    return { location: `${asked.redirect_uri}?${query}` };
  }

  async function token(name, request) {
    const vendor = VENDORS[name];
    const state = states[name];
    const sent = await vendor.token?.(request, state) ?? { form: request.form ?? new URLSearchParams() };
    const form = new URLSearchParams(sent.form);
    if (form.has('redirect_uri')) form.set('redirect_uri', `${issuer}/vendors/return`);
    const authorization = sent.authorization ?? request.headers.authorization;
    const response = await fetch(`${issuer}/token`, {
      method: 'POST', body: form, headers: { accept: 'application/json', ...(authorization && { authorization }) },
    });
    const answer = { status: response.status, json: await response.json() };
    if (answer.json.access_token) state.issued.set(answer.json.refresh_token ?? form.get('refresh_token'), Date.now());
    return vendor.answer?.(answer, { request, form, state, issuer }) ?? answer;
  }

  return {
    async handle(request) {
      const [, , name, ...rest] = request.path.split('/');
      if (name === 'return') return back(request);
      const vendor = VENDORS[name];
      const path = rest.join('/');
      if (!vendor) throw new Refusal(404, { error: `no vendor ${name}` });
      if (path === 'authorize') return authorize(name, request);
      if (path === 'token' || path === vendor.refresh_path) return token(name, request);
      const other = vendor.others?.[path];
      if (!other) throw new Refusal(404, { error: `${name} has no ${path}` });
      const found = await provider.AccessToken.find(credentials(request, 'Bearer') ?? '');
      return other(request, { account: found?.isValid ? found.accountId : null, issuer });
    },
    actions: {
      /** As if so many seconds had passed for what the vendor remembers of its tokens. */
      'let-time-pass': ({ vendor, seconds }) => {
        const { issued } = states[vendor];
        for (const [token, at] of issued) issued.set(token, at - seconds * 1000);
      },
    },
  };
}
