// The JWT bearer grant (RFC 7523, section 2.1) as a grant of the provider's: the assertion's signature is checked with
// the key that the issuer registered, and its audience, lifetime and single use.

import { jose } from './packages.mjs';

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** `accounts`: {iss: {jwk, alg, audience}}; the audience is the token endpoint unless it says otherwise. */
export function jwtBearer(provider, issuer, accounts) {
  const used = new Set();
  return async (ctx) => {
    const { assertion, scope } = ctx.oidc.params;
    const claims = await verified(assertion, accounts, `${issuer}/token`);
    if (!claims.jti || used.has(claims.jti)) throw grantError('the assertion was used before, or has no jti');
    used.add(claims.jti);
    const { client } = ctx.oidc;
    const accountId = claims.sub ?? claims.iss;
    const asked = scope ?? claims.scope;
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    if (asked) grant.addOIDCScope(asked);
    const token = new provider.AccessToken({
      accountId, client, grantId: await grant.save(), gty: 'jwt_bearer', scope: asked,
    });
    ctx.body = {
      access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope: asked,
    };
  };
}

async function verified(assertion, accounts, endpoint) {
  try {
    const account = accounts[jose.decodeJwt(assertion).iss];
    if (!account) throw new Error('the issuer is not registered');
    const { payload } = await jose.jwtVerify(assertion, await jose.importJWK(account.jwk, account.alg), {
      algorithms: [account.alg],
      audience: account.audience ?? endpoint,
      maxTokenAge: '1h', // Google: "a maximum of 1 hour after the issued time"
      requiredClaims: ['exp', 'iat'],
    });
    return payload;
  } catch (error) {
    throw grantError(`the assertion is not valid: ${error.message}`);
  }
}

function grantError(description) {
  return Object.assign(new Error('invalid_grant'), {
    error_description: description, expose: true, status: 400, statusCode: 400,
  });
}
