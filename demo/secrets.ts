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
  const paths = { root: join(folder, 'root.pem'), crt: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  writeFileSync(paths.root, await ca.roots());
  writeFileSync(paths.crt, file('tls.crt'));
  writeFileSync(paths.key, file('tls.key'), { mode: 0o600 });
  screen.say(`\nSecret ${namespace}/${name}, type ${secret.type}, as the API server has it:`);

  const args = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', paths.root, '-untrusted', paths.crt, paths.crt];
  const verdict = await openssl(screen, args);
  if (!verdict.endsWith(': OK')) throw new NotAsAsked(verdict);
  const held = await openssl(undefined, ['x509', '-in', paths.crt, '-noout', '-pubkey']);
  const own = await openssl(undefined, ['pkey', '-in', paths.key, '-pubout']);
  if (held !== own) throw new NotAsAsked(`tls.key of ${name} is not the key of tls.crt`);
  screen.say('tls.key is the key of tls.crt');

  const leaf = new X509Certificate(file('tls.crt'));
  const dnsNames = (leaf.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^DNS:/, ''));
  screen.say(`names: ${dnsNames.join(', ')}; valid to ${leaf.validTo}`);
  return { secret: `${namespace}/${name}`, dnsNames, notAfter: new Date(leaf.validTo).toISOString(), verdict };
}

async function openssl(screen: Screen | undefined, args: readonly string[]): Promise<string> {
  screen?.command(['openssl', ...args]);
  const { code, stdout, stderr } = await runCommand('openssl', args);
  screen?.say(stdout.trim());
  if (code !== 0) throw new NotAsAsked(`openssl ${args[0]} ended with ${code}: ${stderr.trim()}`);
  return stdout.trim();
}
