import { Refusal } from '../../domain/refusal.ts';

/** One block of a PEM text (RFC 7468): its label and its decoded contents. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BEGIN = /-----BEGIN ([A-Z0-9 ]{1,64})-----/g;

/**
 * The blocks of a PEM text, in its order. Text around blocks is passed over (RFC 7468 section 2).
 * @param code of the Refusal for a block without end or with contents that are not base64
 */
export function pemBlocks(pem: string, code: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  BEGIN.lastIndex = 0;
  for (let begin = BEGIN.exec(pem); begin; begin = BEGIN.exec(pem)) {
    const label = begin[1] as string;
    const mark = `-----END ${label}-----`;
    const end = pem.indexOf(mark, BEGIN.lastIndex);
    if (end < 0) throw new Refusal(code, `The PEM block ${label} has no end line`);
    const base64 = pem.slice(BEGIN.lastIndex, end).replace(/\s+/g, '');
    if (!BASE64.test(base64)) throw new Refusal(code, `The PEM block ${label} is not base64`);
    blocks.push({ label, der: Buffer.from(base64, 'base64') });
    BEGIN.lastIndex = end + mark.length;
  }
  return blocks;
}

/** A PEM text with lines of 64 characters (RFC 7468 section 2). */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
