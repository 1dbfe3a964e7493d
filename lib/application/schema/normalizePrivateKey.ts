import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import type { KeyKind, PrivateKeySpec } from '../../domain/spec.ts';
import type { CertificateSpecInput } from './certificate.ts';
import type { Defaults } from './common.ts';

/** The sizes that each algorithm has; the first is its default. */
export const KEY_SIZES: Readonly<Record<KeyKind['algorithm'], readonly number[]>> = {
  ECDSA: [256, 384, 521],
  RSA: [2048, 3072, 4096],
  Ed25519: [256],
};

const DEFAULT_ALGORITHM = { chancery: 'ECDSA', 'cert-manager': 'RSA' } as const;

/** The private key's spec with its defaults. In our own API a size alone tells the algorithm. */
export function normalizePrivateKey(
  input: NonNullable<CertificateSpecInput['privateKey']>,
  defaults: Defaults,
  at: string,
  findings: Findings,
): PrivateKeySpec {
  const rotationPolicy = input.rotationPolicy ?? 'Always';
  const algorithm = input.algorithm ?? algorithmBySize(input.size, defaults);
  // As in cert-manager: an Ed25519 key has one size and one encoding, whatever was written.
  if (algorithm === 'Ed25519') return { algorithm, size: 256, encoding: 'PKCS8', rotationPolicy };
  const sizes = KEY_SIZES[algorithm];
  // 0 is how Go writes an absent number.
  const size = input.size || sizes[0]!;
  if (!sizes.includes(size)) {
    const message = `${algorithm} keys have no size ${size}`;
    findings.add(fieldOf(at, 'size'), 'KeySizeUnsupported', message, `use ${sizes.join(', ')}`);
  }
  return { algorithm, size, encoding: input.encoding ?? 'PKCS1', rotationPolicy };
}

function algorithmBySize(size: number | undefined, defaults: Defaults): KeyKind['algorithm'] {
  if (defaults === 'chancery' && size && size >= KEY_SIZES.RSA[0]!) return 'RSA';
  return DEFAULT_ALGORITHM[defaults];
}
