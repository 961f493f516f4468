// Vendors that want to be asked otherwise than the standard says.

import { Refusal, basic } from '../wire.mjs';

function fromJson(request, refusal) {
  if (request.json === null) throw refusal;
  return new URLSearchParams(request.json);
}

/** https://developers.notion.com/guides/get-started/authorization: JSON with Basic, `owner=user`, tokens without an end. */
export const notion = {
  authorize(query) {
    if (query.get('owner') !== 'user') throw new Refusal(400, { error: 'owner must be user' });
    query.delete('owner');
    return query;
  },
  token(request) {
    if (!basic(request)) throw new Refusal(401, { error: 'invalid_client' });
    return { form: fromJson(request, new Refusal(400, { error: 'invalid_request', error_description: 'body must be JSON' })) };
  },
  answer({ status, json }) {
    if (json.error) return { status, json };
    return {
      status,
      json: {
        access_token: json.access_token, token_type: 'bearer', bot_id: 'b3414d65-8a42-4e3c-9f64-6bb7a8f8a3a6',
        workspace_id: 'ws-8d2c', workspace_name: "Ada's workspace",
        owner: { type: 'user', user: { object: 'user', id: 'usr-1', person: { email: 'ada@example.com' } } },
      },
    };
  },
};

/**
 * https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/: JSON, `audience=api.atlassian.com`, and the
 * cloud id from a request of its own.
 */
export const atlassian = {
  authorize(query) {
    if (query.get('audience') !== 'api.atlassian.com') throw new Refusal(400, { error: 'audience is missing' });
    query.delete('audience');
    return query;
  },
  token: (request) => ({
    form: fromJson(request, new Refusal(400, { error: 'invalid_request', error_description: 'Content-Type must be application/json' })),
  }),
  others: {
    'accessible-resources'(_request, { account }) {
      if (!account) throw new Refusal(401, { code: 401, message: 'Unauthorized' });
      return { json: [{ id: '1324a887-45db-1bf4-1e99-ef0ff456d421', name: 'acme', url: 'https://acme.atlassian.net', scopes: ['read'], avatarUrl: '' }] };
    },
  },
};

/**
 * https://developers.weixin.qq.com/doc/oplatform/en/Website_App/WeChat_Login/Authorized_Interface_Calling_UnionID.html:
 * GET with other names, another address for refreshing, errors as `errcode` under status 200, no PKCE.
 */
export const wechat = {
  authorize(query) {
    query.set('client_id', query.get('appid') ?? '');
    query.delete('appid');
    if (query.has('code_challenge')) throw new Refusal(400, { errcode: 40029, errmsg: 'unexpected parameter' });
    return query;
  },
  refresh_path: 'refresh_token',
  token(request) {
    const refreshing = request.path.endsWith('/refresh_token');
    const given = new URLSearchParams(request.query);
    if (request.method !== 'GET' || (given.get('grant_type') === 'refresh_token') !== refreshing) {
      throw new Refusal(200, { errcode: 40002, errmsg: 'invalid grant_type' });
    }
    // "appid, grant_type, refresh_token" are all that a refresh has; the secret is known by the appid there.
    const form = new URLSearchParams([...given].filter(([name]) => !['appid', 'secret'].includes(name)));
    form.set('client_id', given.get('appid') ?? '');
    form.set('client_secret', given.get('secret') ?? '');
    if (!form.has('redirect_uri')) form.set('redirect_uri', 'any');
    return { form };
  },
  answer({ json }, { form }) {
    if (json.error) {
      const grant = form.get('grant_type') === 'refresh_token' ? 40030 : 40029; // "invalid refresh_token", "invalid code"
      return { json: { errcode: { invalid_client: 40125, invalid_grant: grant }[json.error] ?? 40000, errmsg: json.error } };
    }
    const { access_token, expires_in, refresh_token, scope } = json;
    return { json: { access_token, expires_in, refresh_token, openid: 'OPENID', scope } };
  },
};

/**
 * https://developers.tiktok.com/doc/oauth-user-access-token-management: `client_key` for `client_id`, scopes separated
 * by commas.
 */
export const tiktok = {
  authorize(query) {
    query.set('client_id', query.get('client_key') ?? '');
    query.set('scope', (query.get('scope') ?? '').replaceAll(',', ' '));
    query.delete('client_key');
    return query;
  },
  token(request) {
    const form = new URLSearchParams(request.form);
    form.set('client_id', form.get('client_key') ?? '');
    form.delete('client_key');
    return { form };
  },
  answer({ status, json }) {
    return { status, json: json.error ? { ...json, log_id: '202206221854370101' } : { ...json, open_id: 'afd97af1', scope: json.scope?.replaceAll(' ', ',') } };
  },
};

/**
 * https://business-api.tiktok.com/portal/docs?id=1738373141733378 and ?id=1739965703387137: `app_id`, `auth_code` (in
 * the redirect too) and `secret`, in JSON; the token is in `data`, `code` is not 0 for an error, and there is no end.
 */
export const tiktok_business = {
  authorize(query) {
    query.set('client_id', query.get('app_id') ?? '');
    query.delete('app_id');
    query.set('scope', 'read'); // what an app may do was said when it was registered
    if (query.has('code_challenge')) throw new Refusal(400, { code: 40002, message: 'unexpected parameter' });
    return query;
  },
  callback(query) {
    if (!query.has('code')) return;
    query.set('auth_code', query.get('code'));
    query.delete('code');
  },
  token(request) {
    const { app_id, auth_code, secret } = request.json ?? {};
    if (!auth_code) throw new Refusal(200, { code: 40002, message: 'auth_code: Missing data for required field.', data: {} });
    return {
      form: { grant_type: 'authorization_code', client_id: app_id, client_secret: secret, code: auth_code, redirect_uri: 'any' },
    };
  },
  answer({ json }) {
    if (json.error) return { json: { code: 40105, message: `Authorization failed: ${json.error}`, request_id: '2020', data: {} } };
    return { json: { code: 0, message: 'OK', request_id: '2020', data: { access_token: json.access_token, scope: [4], advertiser_ids: ['7101', '7102'] } } };
  },
};

/** Scopes are separated by a plus sign, which is not the encoded space that it looks like. */
export const plus = {
  authorize(query) {
    const scope = query.get('scope') ?? '';
    if (/[ ,]/.test(scope)) throw new Refusal(400, { error: 'invalid_scope' });
    query.set('scope', scope.replaceAll('+', ' '));
    return query;
  },
  answer: ({ status, json }) => ({ status, json: { ...json, scope: json.scope?.replaceAll(' ', '+') } }),
};
