// Vendors with rules of their own for renewing tokens.

import { Refusal } from '../wire.mjs';

/**
 * https://support.exactonline.com/community/s/knowledge-base#All-All-DNO-Content-oauth-eol-oauth-devstep3: a token lives
 * ten minutes, told as a text, and a new one is refused until 30 seconds before.
 */
export const exact = {
  token(request, state) {
    const form = new URLSearchParams(request.form);
    const issued = state.issued.get(form.get('refresh_token'));
    if (issued !== undefined && Date.now() < issued + 570_000) {
      state.early += 1;
      throw new Refusal(400, { error: 'invalid_request', error_description: 'Access token not expired' });
    }
    return { form };
  },
  answer: ({ status, json }) => ({ status, json: json.expires_in ? { ...json, expires_in: '600' } : json }),
};

/**
 * https://www.zoho.com/accounts/protocol/oauth/web-apps/access-token-expiry.html: parameters in the query, and a refresh
 * brings no new refresh token. Scopes are separated by commas.
 */
export const zoho = {
  authorize(query) {
    query.set('scope', (query.get('scope') ?? '').replaceAll(',', ' '));
    return query;
  },
  token(request) {
    if (request.text) throw new Refusal(400, { error: 'the query has it all' });
    return { form: request.query };
  },
  answer({ status, json }, { form }) {
    if (json.error) return { status: 200, json: { error: json.error === 'invalid_grant' ? 'invalid_code' : json.error } };
    const { refresh_token, ...rest } = json;
    return { status, json: form.get('grant_type') === 'refresh_token' ? rest : { ...rest, refresh_token } };
  },
};

/**
 * https://github.com/reddit-archive/reddit/wiki/OAuth2: `duration=permanent` for a refresh token, Basic, and
 * https://github.com/reddit-archive/reddit/wiki/API: a User-Agent that says who asks.
 */
export const reddit = {
  authorize(query) {
    if (query.get('duration') !== 'permanent') throw new Refusal(400, { error: 'no refresh token would be given' });
    query.delete('duration');
    return query;
  },
  token(request) {
    if (!/^\w+:[\w.]+:v[\d.]+ \(by \/u\/\w+\)$/.test(request.headers['user-agent'] ?? '')) throw new Refusal(429, { message: 'Too Many Requests', error: 429 });
    return { form: request.form };
  },
};

/** A refresh wants the scopes and a parameter again, which the code did not: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow has `scope`. */
export const choosy = {
  token(request) {
    const form = new URLSearchParams(request.form);
    const refreshing = form.get('grant_type') === 'refresh_token';
    if (refreshing !== (form.get('client_info') === '1')) throw new Refusal(400, { error: 'invalid_request', error_description: 'client_info is for refreshing' });
    form.delete('client_info');
    return { form };
  },
};

/**
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest: an assertion and nothing else; who
 * asks is its issuer.
 */
export const google_service = {
  token(request) {
    const assertion = request.form?.get('assertion') ?? '';
    if ([...request.form.keys()].some((name) => !['grant_type', 'assertion'].includes(name)) || request.headers.authorization) {
      throw new Refusal(400, { error: 'invalid_request', error_description: 'only grant_type and assertion are expected' });
    }
    const { iss } = JSON.parse(Buffer.from(assertion.split('.')[1] ?? 'e30', 'base64url'));
    return { form: { grant_type: request.form.get('grant_type'), assertion, client_id: iss ?? '' } };
  },
};
