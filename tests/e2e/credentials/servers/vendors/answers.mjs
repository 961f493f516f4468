// Vendors whose token answers are unlike the standard's.

const IN_WORDS = { invalid_grant: 'invalid_code', invalid_client: 'bad_client_secret' };

/**
 * https://docs.slack.dev/authentication/installing-with-oauth and
 * https://docs.slack.dev/reference/methods/oauth.v2.access: the user's token is nested, scopes are separated by commas
 * and asked for as `user_scope`, and every answer has status 200.
 */
export const slack = {
  authorize(query) {
    query.set('scope', (query.get('user_scope') ?? '').replaceAll(',', ' '));
    query.delete('user_scope');
    return query;
  },
  token: (request) => {
    const form = new URLSearchParams(request.form);
    // "grant_type: The value ... defaults to authorization_code"
    if (!form.has('grant_type')) form.set('grant_type', 'authorization_code');
    return { form };
  },
  answer({ json }) {
    if (json.error) return { json: { ok: false, error: IN_WORDS[json.error] ?? json.error } };
    const { access_token, refresh_token, expires_in, scope } = json;
    return {
      json: {
        ok: true, app_id: 'A0KRD7HC3', is_enterprise_install: false, enterprise: null,
        team: { id: 'T9TK3CUKW', name: 'Slack Softball Team' },
        authed_user: { id: 'U1234', scope: scope?.replaceAll(' ', ','), access_token, token_type: 'user', refresh_token, expires_in },
      },
    };
  },
};

/**
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
 * https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors:
 * a form unless JSON is asked for, errors under status 200, tokens without an end.
 */
export const github = {
  answer({ json }, { request }) {
    const members = json.error
      ? {
        error: { invalid_client: 'incorrect_client_credentials', invalid_grant: 'bad_verification_code' }[json.error] ?? json.error,
        error_description: 'The code passed is incorrect or expired.',
        error_uri: 'https://docs.github.com/apps/managing-oauth-apps/troubleshooting',
      }
      : { access_token: json.access_token, scope: json.scope.replaceAll(' ', ','), token_type: 'bearer' };
    return /application\/json/.test(request.headers.accept ?? '') ? { json: members } : { form: new URLSearchParams(members) };
  },
};

/** https://issues.apache.org/jira/browse/SHINDIG-1996: Apache Shindig's `expires_in` is in milliseconds. */
export const shindig = {
  answer: ({ status, json }) => ({ status, json: json.expires_in ? { ...json, expires_in: json.expires_in * 1000 } : json }),
};

/**
 * https://x-series-api.lightspeedhq.com/docs/authorization: `expires` is a time in seconds, and the store's
 * `domain_prefix` comes with the redirect; the token endpoint is under it.
 */
export const lightspeed = {
  callback(query) {
    query.set('domain_prefix', '2');
    query.set('user_id', 'b8ca3a65-011c-11e4-fbb5-a4d36ccbfb8b');
  },
  answer({ status, json }) {
    if (json.error) return { status, json };
    const { expires_in, ...rest } = json;
    return { status, json: { ...rest, expires: Math.floor(Date.now() / 1000) + expires_in, domain_prefix: '2' } };
  },
};

/** The lifetime is told nowhere (RFC 6749, section 5.1, only recommends to). */
export const silent = {
  answer({ status, json }) {
    const { expires_in: _, ...rest } = json;
    return { status, json: rest };
  },
};

/** https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm: `instance_url`, no lifetime. */
export const salesforce = {
  answer({ status, json }, { issuer }) {
    if (json.error) return { status, json };
    const { expires_in: _, ...rest } = json;
    const organization = '00DB00000000001MAL';
    return {
      status,
      json: { ...rest, instance_url: issuer.replace('127.0.0.1', '127.0.0.2'), id: `${issuer}/id/${organization}/005B0000002`, issued_at: String(Date.now()) },
    };
  },
};

/**
 * https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant: each shop has
 * a host of its own, scopes are separated by commas, and an offline token has no end.
 */
export const shopify = {
  authorize(query) {
    query.set('scope', (query.get('scope') ?? '').replaceAll(',', ' '));
    return query;
  },
  answer({ status, json }) {
    if (json.error) return { status, json };
    return { status, json: { access_token: json.access_token, scope: json.scope.replaceAll(' ', ',') } };
  },
};
