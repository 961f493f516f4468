// Prism with a document (OpenAPI, Swagger or a Postman collection): refuses requests that do not fit it, and answers the
// others with its examples, which need not fit. `node prism.mjs DOCUMENT` prints its address, and serves until its
// standard input is closed.

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../demo/package.json', import.meta.url));
const { createLogger } = require('@stoplight/prism-core');
const { getHttpOperationsFromSpec } = require('@stoplight/prism-http');
const { createServer } = require('@stoplight/prism-http-server');

const operations = await getHttpOperationsFromSpec(process.argv[2]);
const server = createServer(operations, {
  cors: false,
  config: {
    checkSecurity: true, errors: true, isProxy: false, mock: { dynamic: false }, upstreamProxy: undefined,
    validateRequest: true, validateResponse: false,
  },
  components: { logger: createLogger('prism', { level: 'silent' }) },
});
console.log(await server.listen(0, '127.0.0.1'));
process.stdin.resume().once('end', () => process.exit());
