// Others' programs that the servers are made of: those of the demonstration, and what package.json here adds.

export { Provider } from '../../../../demo/node_modules/oidc-provider/lib/index.js';
export { default as MemoryAdapter } from '../../../../demo/node_modules/oidc-provider/lib/adapters/memory_adapter.js';
export * as jose from '../../../../demo/node_modules/jose/dist/webapi/index.js';
export { default as aws4 } from 'aws4';
