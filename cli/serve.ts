import { resolve } from 'node:path';
import type { ServeOptions, Service } from '../server/serve.ts';
import { readHostPort } from './shared/address.ts';
import { commaList, DATA } from './shared/args.ts';
import { localCommand } from './shared/command.ts';
import { DEFAULT_DATA, dataFolderOf } from './shared/connection.ts';
import { type Environment, given } from './shared/environment.ts';
import { usageError } from './shared/errors.ts';
import { readText } from './shared/input.ts';
import { logTo } from './shared/log.ts';
import { programIn, shellWord, VERSION } from './shared/program.ts';
import { onStop } from './shared/signals.ts';
import { pairs } from './shared/table.ts';
import { plain, type Terminal } from './shared/terminal.ts';

const FLAGS = {
  ...DATA,
  listen: {
    kind: 'text',
    value: 'HOST:PORT',
    env: 'CHANCERY_LISTEN',
    help: 'Where the API listens, with HTTPS. Default 127.0.0.1:8443; port 0 takes a free one.',
  },
  'http01-listen': {
    kind: 'text',
    value: 'HOST:PORT',
    env: 'CHANCERY_HTTP01_LISTEN',
    help: 'Where http-01 challenges are answered, in plain HTTP. Forward port 80 of your names here. Default 127.0.0.1:8402.',
  },
  host: {
    kind: 'list',
    value: 'NAME',
    env: 'CHANCERY_HOSTS',
    help: 'A further name or address of this service, for its own certificate. localhost and 127.0.0.1 are in it.',
  },
  allow: {
    kind: 'list',
    value: 'ADDRESS',
    env: 'CHANCERY_ALLOW',
    help: 'A private or local address that the service may dial: host, host:port, a block (10.0.0.0/8) or *.',
  },
  'directory-root': {
    kind: 'list',
    value: 'DIR',
    env: 'CHANCERY_DIRECTORY_ROOTS',
    help: 'A directory under which certificates may be delivered to directories.',
  },
  'key-file': {
    kind: 'text',
    value: 'FILE',
    env: 'CHANCERY_KEY_FILE',
    help: 'The key that seals all others, mode 0600. Made when it is not there. Default: master.key in the data folder.',
  },
  resolver: {
    kind: 'list',
    value: 'ADDRESS',
    env: 'CHANCERY_RESOLVERS',
    help: 'A recursive resolver for look-ups of CNAME and NS, as address or address:port. Default: those of the system.',
  },
  notify: {
    kind: 'list',
    value: 'URL',
    env: 'CHANCERY_NOTIFY',
    help: 'A webhook that is told of what happens to certificates: https, or http on this machine. --allow names it if its address is private.',
  },
  'notify-token-file': {
    kind: 'text',
    value: 'FILE',
    env: 'CHANCERY_NOTIFY_TOKEN_FILE',
    help: 'A file with the bearer token that every --notify webhook is called with. Read at each call.',
  },
  'oidc-issuer': {
    kind: 'text',
    value: 'URL',
    env: 'CHANCERY_OIDC_ISSUER',
    help: 'Takes JWTs of this OIDC issuer too, for whose tokens --oidc-audience names the audience.',
  },
  'oidc-audience': {
    kind: 'text',
    value: 'NAME',
    env: 'CHANCERY_OIDC_AUDIENCE',
    help: 'The aud that JWTs for this service carry.',
  },
  'oidc-jwks-uri': {
    kind: 'text',
    value: 'URL',
    env: 'CHANCERY_OIDC_JWKS_URI',
    help: "Where the issuer's keys are. Default: /.well-known/jwks.json under the issuer.",
  },
  'oidc-ca-file': {
    kind: 'text',
    value: 'FILE',
    env: 'CHANCERY_OIDC_CA_FILE',
    help: "PEM of the CA that signed the issuer's TLS certificate. Default: those that the system trusts.",
  },
  log: {
    kind: 'text',
    value: 'text|json',
    env: 'CHANCERY_LOG',
    help: 'How the log is written to stderr: lines for people (default), or a JSON object a line.',
  },
} as const;

type ServeFlags = { readonly [K in keyof typeof FLAGS]?: string | readonly string[] | undefined };

export const command = localCommand({
  name: 'serve',
  summary: 'Run the service on this machine.',
  positionals: [],
  flags: FLAGS,
  examples: [
    'chancery serve',
    'chancery serve --data /var/lib/chancery --listen 0.0.0.0:8443 --host chancery.example.com',
  ],
  notes: [
    'At its first start the service makes its data folder, a CA of its own (ClusterIssuer chancery-ca), its HTTPS certificate and an ' +
      'administrator token (admin.token in the data folder, mode 0600). A later start carries on where it ended, and replaces an ' +
      'admin.token that expired, was revoked, or ends within 30 days.',
    'The service dials what users name: CAs, name servers, webhooks, clusters. It refuses private and local addresses, so that nobody can ' +
      'look into your network through it. --allow names those that are meant: your own CA, your name server, your clusters.',
    'Ctrl-C and SIGTERM end it cleanly; what is unfinished goes on at the next start. A second Ctrl-C ends it at once, which loses nothing.',
    'Variables that stand for a flag that may be repeated hold several values with commas between them.',
  ],
  async run({ terminal, env }, flags) {
    const options = await readOptions(flags, env, terminal);
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    onStop(['SIGINT', 'SIGTERM'], stop);
    // Loaded here, so that help does not wait for the whole service.
    const { serve } = await import('../server/serve.ts');
    const service = await serve(options);
    for (const line of welcome(service, options, terminal, env)) terminal.print(line);
    await stopped;
    terminal.print('Ending...');
    await service.stop();
    terminal.print('Ended. The next start carries on.');
  },
});

async function readOptions(flags: ServeFlags, env: Environment, terminal: Terminal): Promise<ServeOptions> {
  const text = (name: keyof ServeFlags): string | undefined =>
    given(flags[name] as string | undefined, env, (FLAGS[name] as { env: string }).env);
  const list = (name: keyof ServeFlags): string[] => {
    const values = flags[name] as readonly string[];
    return commaList(values.length > 0 ? values : [env[(FLAGS[name] as { env: string }).env] ?? '']);
  };
  const api = readHostPort(text('listen') ?? '127.0.0.1:8443', '--listen');
  const keyFile = text('key-file');
  const resolvers = list('resolver');
  return {
    version: VERSION,
    data: dataFolderOf(flags as { data?: string }, env),
    api,
    challenges: readHostPort(text('http01-listen') ?? '127.0.0.1:8402', '--http01-listen'),
    hosts: [...list('host'), ...ownAddress(api.host)],
    allow: list('allow'),
    directoryRoots: list('directory-root').map((root) => resolve(root)),
    ...(keyFile !== undefined && { keyFile: resolve(keyFile) }),
    ...(resolvers.length > 0 && { resolvers }),
    ...(await notifyOf(list('notify'), text('notify-token-file'))),
    ...(await oidcOf(text('oidc-issuer'), text('oidc-audience'), text('oidc-jwks-uri'), text('oidc-ca-file'))),
    log: await logOf(text('log') ?? 'text', terminal),
  };
}

async function notifyOf(urls: readonly string[], file?: string): Promise<Pick<ServeOptions, 'notify'>> {
  if (urls.length === 0) {
    if (file === undefined) return {};
    throw usageError('--notify-token-file: there is nobody to call with it', 'give --notify too, or leave both out');
  }
  for (const url of urls) {
    const parsed = URL.parse(url);
    const near = parsed?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname);
    // Only its origin: the path of a webhook is often its secret.
    if (!parsed) throw usageError('--notify: one of them is not a URL');
    if (parsed.protocol !== 'https:' && !near) throw usageError(`--notify ${parsed.origin}: not https`);
    if (parsed.username || parsed.password) {
      throw usageError(`--notify ${parsed.origin}: has a password in it`, 'give a token: --notify-token-file');
    }
  }
  if (file === undefined) return { notify: { urls } };
  const tokenFile = resolve(file);
  if ((await readText(tokenFile, '--notify-token-file')).trim() === '') {
    throw usageError(`--notify-token-file: ${file} is empty`);
  }
  return { notify: { urls, tokenFile } };
}

async function oidcOf(
  issuer?: string,
  audience?: string,
  jwksUri?: string,
  caFile?: string,
): Promise<Pick<ServeOptions, 'oidc'>> {
  if ([issuer, audience, jwksUri, caFile].every((value) => value === undefined)) return {};
  // Without an audience, a JWT that was made for any other service would be taken.
  if (issuer === undefined || audience === undefined) {
    throw usageError('--oidc-issuer and --oidc-audience belong together', 'give both, or no --oidc flag');
  }
  for (const [flag, url] of Object.entries({ 'oidc-issuer': issuer, 'oidc-jwks-uri': jwksUri })) {
    if (url === undefined || (URL.canParse(url) && new URL(url).protocol === 'https:')) continue;
    throw usageError(`--${flag} ${url}: not an https URL`);
  }
  const ca = caFile === undefined ? {} : { ca: await readText(caFile, '--oidc-ca-file') };
  return { oidc: { issuer, audience, ...(jwksUri !== undefined && { jwksUri }), ...ca } };
}

/** An address that is listened on is one that clients call; the wildcards are not. */
const ownAddress = (host: string): string[] =>
  ['0.0.0.0', '::', '127.0.0.1', '::1', 'localhost'].includes(host) ? [] : [host];

async function logOf(format: string, terminal: Terminal): Promise<ServeOptions['log']> {
  if (format === 'text') return logTo(terminal);
  if (format !== 'json') throw usageError(`--log ${plain(format)}: unknown format`, 'write text or json');
  const { jsonLog } = await import('../server/system.ts');
  return jsonLog((line) => terminal.note(line.trimEnd()));
}

function welcome(service: Service, options: ServeOptions, terminal: Terminal, env: Environment): string[] {
  const folder = options.data;
  const program = programIn(process.cwd());
  // Whoever pastes the commands has neither our flags nor, perhaps, our environment.
  const isDefault = folder === resolve(DEFAULT_DATA) && !env.CHANCERY_DATA;
  const call = (words: string): string => `  ${program} ${words}${isDefault ? '' : ` --data ${shellWord(folder)}`}`;
  return [
    `${terminal.paint('bold', `Chancery ${VERSION} listens on ${service.url}`)}`,
    '',
    ...pairs(
      [
        ['admin token', `${service.tokenFile} (mode 0600)`],
        ['CA to trust', service.caFile],
        ['http-01', service.challengeUrl],
        ['data folder', folder],
      ],
      '  ',
    ),
    '',
    'Try this in another terminal, in the same folder:',
    '',
    call('team put demo'),
    call('request web --team demo --dns web.demo.test --issuer chancery-ca --wait'),
    call('describe web --team demo'),
    '',
    'Ctrl-C ends it.',
  ];
}
