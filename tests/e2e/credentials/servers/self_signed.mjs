// Services whose bearer token is a JWT that the client signs itself, with a key that it registered.

import { jose } from './packages.mjs';
import { credentials, fingerprint } from './wire.mjs';

/** `issuers`: {iss: {jwk, alg, kid?, audience?, longest_seconds}}. */
export function selfSigned(issuers) {
  return async (request) => {
    const token = credentials(request, 'Bearer');
    if (!token) return null;
    try {
      const issuer = issuers[jose.decodeJwt(token).iss];
      if (!issuer) return null;
      const { payload, protectedHeader } = await jose.jwtVerify(token, await jose.importJWK(issuer.jwk, issuer.alg), {
        algorithms: [issuer.alg], audience: issuer.audience, requiredClaims: ['iat', 'exp'],
      });
      // https://developer.apple.com/documentation/appstoreconnectapi/generating-tokens-for-api-requests
      if (payload.exp - payload.iat > issuer.longest_seconds || protectedHeader.kid !== issuer.kid) return null;
      return { issuer: payload.iss, algorithm: protectedHeader.alg, token: fingerprint(token) };
    } catch {
      return null;
    }
  };
}
