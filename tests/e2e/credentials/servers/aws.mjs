// A service that AWS Signature Version 4 protects. What the signature should be is worked out by aws4, over the
// headers that the request says it signed, as
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html has it.

import { createHash } from 'node:crypto';

import { aws4 } from './packages.mjs';
import { same } from './wire.mjs';

const MAX_SKEW = 15 * 60 * 1000;
const HEADER = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** `accounts`: {access_key_id: {secret_access_key, session_token?}}. */
export function awsDoor(accounts) {
  return (request) => {
    const [, id, date, region, service, signed, signature] = HEADER.exec(request.headers.authorization ?? '') ?? [];
    const account = accounts[id];
    if (!account) return null;
    const at = request.headers['x-amz-date'] ?? '';
    const names = signed.split(';');
    const session = request.headers['x-amz-security-token'];
    const sound = at.startsWith(date) && Math.abs(time(at) - Date.now()) < MAX_SKEW && names.includes('host')
      && names.includes('x-amz-date') && (session ?? null) === (account.session_token ?? null)
      && (!session || names.includes('x-amz-security-token')) && bodyIsSigned(request, service, names);
    if (!sound) return null;
    const again = new aws4.RequestSigner({
      service, region, method: request.method, path: request.url, body: request.text, doNotModifyHeaders: true,
      headers: Object.fromEntries(names.map((name) => [name, request.headers[name] ?? ''])),
      // Those that aws4 would not sign by itself.
      extraHeadersToInclude: Object.fromEntries(names.map((name) => [name, true])),
    }, { accessKeyId: id, secretAccessKey: account.secret_access_key });
    again.datetime = at;
    return same(again.signature(), signature) ? { access_key_id: id, region, service, temporary: Boolean(session) } : null;
  };
}

// S3 wants the body's hash as a header, others may have it: then it must be the body's.
function bodyIsSigned(request, service, names) {
  const told = request.headers['x-amz-content-sha256'];
  if (told === undefined) return service !== 's3';
  return names.includes('x-amz-content-sha256') && told === createHash('sha256').update(request.text).digest('hex');
}

function time(at) {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(at) ?? [];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
