import { createPrivateKey } from 'node:crypto';
import type { Services } from '../../lib/application/services.ts';
import { eventsOf } from './issuing.ts';

/** What nobody may see, by what it is. */
export type Secrets = ReadonlyMap<string, string>;

/** What of the secrets is readable in a text, and where that was. */
export function leaks(secrets: Secrets, where: string, text: string): string[] {
  const texts = layers(text, 2);
  return [...secrets]
    .filter(([, secret]) => formsOf(secret).some((form) => texts.some((one) => one.includes(form))))
    .map(([what]) => `${what} in ${where}`);
}

/** Every key that the vault keeps and the ledger tells of: of certificates, of accounts, of a built-in CA. `key REF` is the name of each. */
export async function sealedKeys(services: Pick<Services, 'store' | 'vault'>): Promise<Map<string, string>> {
  const { store, vault } = services;
  const found = new Map<string, string>();
  for (const stream of await everyStream(services)) {
    const owner = await ownerOf(services, stream);
    for (const event of await eventsOf({ store }, stream)) {
      if (!('keyRef' in event) || typeof event.keyRef !== 'string' || owner === undefined) continue;
      const sealed = await vault.open(event.keyRef, owner);
      if (sealed) found.set(`key ${event.keyRef}`, Buffer.from(sealed).toString('utf8'));
    }
  }
  return found;
}

/** Names of all streams. */
const everyStream = ({ store }: Pick<Services, 'store'>): Promise<readonly string[]> => store.streams('', 1000);

/** The owner of what a stream's events refer to. */
async function ownerOf({ store }: Pick<Services, 'store'>, stream: string): Promise<string | undefined> {
  if (!stream.startsWith('issuance/')) return stream.split('/')[1];
  const [requested] = await eventsOf({ store }, stream);
  return (requested as unknown as { certificate: string }).certificate.split('/')[0];
}

/** A text, and below it what its runs of base64 hold: a Secret's data is PEM in base64, which is base64 again. */
function layers(text: string, depth: number): string[] {
  if (depth === 0) return [text];
  const runs = text.match(/[\w+/-]{40,}/g) ?? [];
  const inner = runs.map((run) => Buffer.from(run, 'base64').toString('latin1')).join('\n');
  return [text, ...layers(inner, depth - 1)];
}

/** A secret as it may come to light: as it is, or as octets in any of the usual writings. Of a key, the secret number is what counts. */
function formsOf(secret: string): string[] {
  const octets = secret.includes('PRIVATE KEY') ? secretNumber(secret) : Buffer.from(secret, 'utf8');
  const inner = Buffer.from(secret, 'base64');
  const texts = secret.includes('PRIVATE KEY') ? bodyLines(secret) : [secret];
  return [...texts, ...[octets, inner].flatMap(writings)].filter((form) => form.length >= 12);
}

const writings = (octets: Buffer): string[] => [
  octets.toString('latin1'),
  octets.toString('hex'),
  octets.toString('base64').replace(/=+$/, ''),
  octets.toString('base64url'),
];

/** The lines of a PEM body that hold secret octets: all but the first, which is the same for all keys of a kind. */
const bodyLines = (pem: string): string[] => pem.trim().split('\n').slice(2, -1);

function secretNumber(pem: string): Buffer {
  const { d } = createPrivateKey(pem).export({ format: 'jwk' });
  return Buffer.from(d!, 'base64url');
}
