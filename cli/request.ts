import { parseDestinations } from '../lib/application/manifests/destinationsAnnotation.ts';
import type { Certificate } from './shared/answers.ts';
import { commaList } from './shared/args.ts';
import { certificatePath } from './shared/certificates.ts';
import { type Context, clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { readText } from './shared/input.ts';
import { issuerRefOf } from './shared/issuerRef.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { standing } from './shared/standing.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { timelineEnd, timeoutOf, WAIT, waitFor } from './shared/wait.ts';
import { warn } from './shared/warnings.ts';

export const command = clientCommand({
  name: 'request',
  summary: 'Ask for a certificate.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    dns: { kind: 'list', value: 'NAMES', help: 'Host names, with commas between them; `*.` in front for a wildcard.' },
    ip: { kind: 'list', value: 'ADDRESSES', help: 'IP addresses, with commas between them.' },
    uri: { kind: 'list', value: 'URIS', help: 'URIs, such as SPIFFE ids, with commas between them.' },
    email: { kind: 'list', value: 'ADDRESSES', help: 'Mail addresses, with commas between them.' },
    'common-name': { kind: 'text', value: 'NAME', help: 'The common name. Not needed for servers.' },
    issuer: {
      kind: 'text',
      value: 'ISSUER',
      help: "Who signs: NAME (the team's issuer, or else the shared one), Issuer/NAME or ClusterIssuer/NAME.",
    },
    destination: {
      kind: 'list',
      value: 'PLACE',
      help: 'Where a copy goes: cluster/namespace/secretName (the last one or two may be left out; ?adopt=true at the end takes over a Secret), directory:/path or secretsManager:name.',
    },
    'secret-name': { kind: 'text', value: 'NAME', help: 'Of the Secret. Default: the name of the certificate.' },
    csr: {
      kind: 'text',
      value: 'FILE',
      help: 'A certificate request in PEM (`-`: stdin): you keep the key. Its names count when none are given here.',
    },
    key: {
      kind: 'text',
      value: 'KIND',
      help: 'ecdsa-256 (default), ecdsa-384, ecdsa-521, rsa-2048, rsa-3072, rsa-4096 or ed25519.',
    },
    duration: {
      kind: 'text',
      value: 'DURATION',
      help: 'How long it is valid, such as 2160h (default). ACME CAs decide themselves.',
    },
    'renew-before': {
      kind: 'text',
      value: 'DURATION',
      help: 'How long before its end it is renewed. Default: a third of its lifetime.',
    },
    usage: { kind: 'list', value: 'USAGES', help: 'Key usages, such as `server auth`, with commas between them.' },
    ca: { kind: 'switch', help: 'The certificate may sign others.' },
    ...WAIT,
    ...OUTPUT,
  },
  examples: [
    'chancery request web --team demo --dns web.demo.test --issuer chancery-ca --wait',
    'chancery request web --team demo --dns web.demo.test --issuer chancery-ca --destination prod/demo/web-tls',
    'chancery request web --team demo --csr web.csr --issuer chancery-ca',
  ],
  notes: [
    'The same request again changes nothing. Another one for the same name is a new spec: the certificate is issued anew.',
  ],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const timeout = timeoutOf(flags);
    const format = formatOf(flags.output);
    if (flags.issuer === undefined)
      throw usageError('--issuer is missing', 'name who signs, such as --issuer chancery-ca');
    const spec = { ...(await specOf(flags)), issuerRef: await issuerRefOf(context, team, flags.issuer) };
    const after = flags.wait ? await timelineEnd(context, team, name) : undefined;
    const { body, status } = await context
      .client()
      .request<Certificate>('PUT', certificatePath(team, name), { body: { spec } });
    warn(context, body.warnings);
    const certificate = flags.wait ? await waitFor(context, body, { team, name, timeout, after }) : body;
    if (isData(format)) return showData(context.terminal, format, certificate);
    show(context, certificate, { created: status === 201, waited: flags.wait });
  },
});

interface SpecFlags {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly uri: readonly string[];
  readonly email: readonly string[];
  readonly usage: readonly string[];
  readonly destination: readonly string[];
  readonly 'common-name': string | undefined;
  readonly 'secret-name': string | undefined;
  readonly csr: string | undefined;
  readonly key: string | undefined;
  readonly duration: string | undefined;
  readonly 'renew-before': string | undefined;
  readonly ca: boolean;
}

/** The spec as the API takes it; what was not given is left to its defaults. */
async function specOf(flags: SpecFlags) {
  const lists = {
    dnsNames: commaList(flags.dns),
    ipAddresses: commaList(flags.ip),
    uris: commaList(flags.uri),
    emailAddresses: commaList(flags.email),
    usages: commaList(flags.usage),
    destinations: parseDestinations(flags.destination.join(','), '--destination'),
  };
  const texts = {
    commonName: flags['common-name'],
    secretName: flags['secret-name'],
    duration: flags.duration,
    renewBefore: flags['renew-before'],
    request: flags.csr === undefined ? undefined : await readText(flags.csr, '--csr'),
  };
  return {
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
    ...(flags.key !== undefined && { privateKey: keyOf(flags.key) }),
    ...(flags.ca && { isCA: true }),
  };
}

function keyOf(text: string): { algorithm: string; size?: number } {
  const [, kind, size] = /^(ecdsa|rsa)-?(\d{3,5})$|^ed25519$/i.exec(text) ?? [];
  if (kind !== undefined) return { algorithm: kind.toUpperCase(), size: Number(size) };
  if (/^ed25519$/i.test(text)) return { algorithm: 'Ed25519' };
  throw usageError(
    `--key ${text}: unknown kind`,
    'write ecdsa-256, ecdsa-384, ecdsa-521, rsa-2048, rsa-3072, rsa-4096 or ed25519',
  );
}

function show(
  { terminal }: Context,
  certificate: Certificate,
  { created, waited }: { created: boolean; waited: boolean },
): void {
  const { team, name } = certificate;
  if (!waited) terminal.print(`certificate ${team}/${name} ${created ? 'requested' : 'is asked for'}`);
  for (const line of standing(certificate)) terminal.print(line);
  if (!waited) terminal.print(`Follow it: chancery events ${name} --team ${team} --follow`);
}
