// Starts every stand-in on free loopback ports. Settings come as one line of JSON on standard input, with all
// secrets in it; the addresses go out as one line of JSON on standard output. When standard input ends, whoever
// started this is gone, however it went, and so are we.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import { Aliases, googleAdmission, slackAdmission } from './admission.mjs';
import { Control, controlServer } from './control.mjs';
import { guard } from './guard.mjs';
import { authorizationServer } from './oauth.mjs';
import { google, listen, sheets, slack } from './upstreams.mjs';

// Standard output carries the addresses only.
console.log = console.info = console.error;

const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => start(JSON.parse(line)).catch((error) => {
  console.error(error);
  process.exit(1);
}));
lines.once('close', () => process.exit(0));

async function start(settings) {
  const control = new Control();
  const front = createServer();
  front.keepAliveTimeout = 75_000;
  const issuer = await listen(front);
  const { provider, actions } = await authorizationServer(issuer, settings, control);
  front.on('request', provider.callback());

  const aliases = Object.fromEntries(settings.accounts.map((account) => [account, new Aliases()]));
  const admit = googleAdmission(provider, aliases);
  const googleUpstream = await google(settings.accounts, aliases);
  const guarded = (service, upstream) => listen(guard({ service, upstream, admit, control }));

  // emulate's Slack wants to know its public URL, which is the guard's, which wants to know emulate's.
  const slackAliases = new Aliases();
  const slackGuard = { service: 'slack', admit: slackAdmission(settings.slack_token, slackAliases), control };
  const slackUrl = await listen(guard(slackGuard));
  slackGuard.upstream = await slack(slackUrl, settings, slackAliases);

  const controlUrl = await listen(controlServer(control, settings.control_token, {
    ...actions,
    fault: (fault) => control.addFault(fault),
    heal: () => control.clearFaults(),
  }));
  const addresses = {
    issuer,
    authorization_url: `${issuer}/auth`,
    token_url: `${issuer}/token`,
    revocation_url: `${issuer}/token/revocation`,
    introspection_url: `${issuer}/token/introspection`,
    userinfo_url: `${issuer}/me`,
    gmail_base_url: await guarded('gmail', googleUpstream),
    drive_base_url: await guarded('drive', googleUpstream),
    sheets_base_url: await guarded('sheets', await sheets()),
    slack_base_url: slackUrl,
    slack_authorization_url: `${slackUrl}/oauth/v2/authorize`,
    slack_token_url: `${slackUrl}/api/oauth.v2.access`,
    control_url: controlUrl,
  };
  process.stdout.write(`${JSON.stringify(addresses)}\n`);
}
