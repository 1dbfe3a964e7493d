import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../test/support/commands.ts';
import type { Peers } from './peers.ts';
import type { Screen } from './screen.ts';

/** What was found in the cluster. */
export interface Found {
  readonly secret: string;
  readonly dnsNames: readonly string[];
  readonly notAfter: string;
  /** openssl's own words, such as `leaf.pem: OK`. */
  readonly verdict: string;
}

/** What is in the cluster is not what was asked for. */
export class NotAsAsked extends Error {
  override readonly name = 'NotAsAsked';
}

/**
 * Reads a Secret back from the API server and has openssl verify the chain, from nothing but the CA's root, and that the key fits.
 * @throws NotAsAsked
 */
export async function verifySecret(
  screen: Screen,
  { ca, cluster }: Peers,
  folder: string,
  namespace: string,
  name: string,
): Promise<Found> {
  const secret = await cluster.secret(namespace, name);
  if (!secret) throw new NotAsAsked(`the cluster has no Secret ${namespace}/${name}`);
  const file = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  const [root, crt, key] = ['pebble-root.pem', `${name}.crt`, `${name}.key`];
  writeFileSync(join(folder, root), await ca.roots());
  writeFileSync(join(folder, crt), file('tls.crt'));
  writeFileSync(join(folder, key), file('tls.key'), { mode: 0o600 });
  screen.say(`\nSecret ${namespace}/${name}, type ${secret.type}, as the API server has it:`);

  const verify = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', root, '-untrusted', crt, crt];
  screen.command(['openssl', ...verify]);
  const verdict = await openssl(folder, verify);
  screen.say(verdict);
  if (!verdict.endsWith(': OK')) throw new NotAsAsked(verdict);
  const held = await openssl(folder, ['x509', '-in', crt, '-noout', '-pubkey']);
  const own = await openssl(folder, ['pkey', '-in', key, '-pubout']);
  if (held !== own) throw new NotAsAsked(`tls.key of ${name} is not the key of tls.crt`);
  screen.say('tls.key is the key of tls.crt');

  const leaf = new X509Certificate(file('tls.crt'));
  const dnsNames = (leaf.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^DNS:/, ''));
  screen.say(`names: ${dnsNames.join(', ')}; valid to ${leaf.validTo}`);
  return { secret: `${namespace}/${name}`, dnsNames, notAfter: new Date(leaf.validTo).toISOString(), verdict };
}

async function openssl(folder: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand('openssl', args, '', folder);
  if (code !== 0) throw new NotAsAsked(`openssl ${args[0]} ended with ${code}: ${stderr.trim()}`);
  return stdout.trim();
}
