// Services that are entered with a key: where each looks for it, as its vendor's reference says.

import { basic, credentials, same } from './wire.mjs';

/** `keys`: {api_key, app_key, username, password}. */
export function keyDoors(keys) {
  const { api_key, app_key, username, password } = keys;
  const who = (...checks) => (checks.every(([given, expected]) => same(given, expected)) ? { key: 'right' } : null);
  const alone = (request, answer) => (request.headers.authorization ? null : answer());
  const byBasic = (request, name, secret) => {
    const given = basic(request);
    return given && who([given.name, name], [given.password, secret]);
  };
  // Takes the member out of the JSON, so that the rest can be told.
  const taken = (request, name) => {
    const value = request.json?.[name];
    if (request.json) delete request.json[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    key: (request) => who([credentials(request, 'Bearer'), api_key]),
    basic: (request) => byBasic(request, username, password),
    // https://docs.datadoghq.com/api/latest/authentication/
    datadog: (request) => alone(request, () => who(
      [request.headers['dd-api-key'], api_key], [request.headers['dd-application-key'], app_key],
    )),
    // https://openweathermap.org/current
    openweather: (request) => alone(request, () => who([request.query.get('appid'), api_key])),
    // https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/
    trello: (request) => alone(request, () => who([request.query.get('key'), api_key], [request.query.get('token'), app_key])),
    // https://mailchimp.com/developer/transactional/api/: `key` is a member of each JSON body.
    mandrill: (request) => alone(request, () => who([taken(request, 'key'), api_key])),
    // https://docs.slack.dev/authentication/tokens: a token may be sent as `token` in a form.
    form_key: (request) => alone(request, () => {
      const given = request.form?.get('token');
      request.form?.delete('token');
      return who([given, api_key]);
    }),
    // OpenAPI's apiKey in a cookie: https://spec.openapis.org/oas/v3.1.1#security-scheme-object
    cookie: (request) => alone(request, () => who([cookie(request, 'session_key'), api_key])),
    // https://developer.zendesk.com/api-reference/introduction/security-and-auth/: {email}/token:{api_token}
    zendesk: (request) => byBasic(request, `${username}/token`, api_key),
    // https://docs.stripe.com/api/authentication: the key is the user name, there is no password.
    stripe: (request) => byBasic(request, api_key, ''),
    // https://www.twilio.com/docs/usage/requests-to-twilio: the account is in the path too.
    twilio: (request) => (
      request.path.includes(`/2010-04-01/Accounts/${username}/`) ? byBasic(request, username, password) : null
    ),
    // https://developer.pagerduty.com/docs/authentication
    pagerduty: (request) => who([credentials(request, 'Token'), `token=${api_key}`]),
    // https://docs.discord.com/developers/reference#authentication
    discord: (request) => who([credentials(request, 'Bot'), api_key]),
    // https://postmarkapp.com/developer/api/overview#authentication
    postmark: (request) => alone(request, () => who([request.headers['x-postmark-server-token'], api_key])),
  };
}

/** The value of a cookie, or null. */
export function cookie(request, name) {
  const pairs = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split(/=(.*)/s));
  return pairs.find(([given]) => given === name)?.[1] ?? null;
}
