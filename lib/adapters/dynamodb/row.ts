import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Refusal } from '../../domain/refusal.ts';

/**
 * From this many bytes on a text is kept compressed. A write costs by the KiB, and twice that in a transaction: with its other attributes a row of a
 * longer text would pass the first. What is smaller stays readable in the console.
 */
const COMPRESSED = 700;

/** An attribute that holds JSON as text: a string, or gzip'ed bytes when it is long. Numbers and absent members come back as JSON has them. */
export function packed(json: string): AttributeValue.SMember | AttributeValue.BMember {
  return Buffer.byteLength(json) < COMPRESSED ? { S: json } : { B: gzipSync(json) };
}

/** The text of an attribute that {@link packed} made. */
export function unpacked(attribute: AttributeValue | undefined): string {
  if (attribute?.S !== undefined) return attribute.S;
  if (attribute?.B !== undefined) return gunzipSync(attribute.B).toString('utf8');
  throw new TypeError('an attribute that should hold text does not');
}

/** A row as DynamoDB takes it. */
export type Item = Record<string, AttributeValue>;

/** Bytes that DynamoDB counts for a row: names and values. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function sizeOf(item: Item): number {
  let size = 0;
  for (const [name, value] of Object.entries(item)) size += Buffer.byteLength(name) + sizeOfValue(value);
  return size;
}

function sizeOfValue(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.B !== undefined) return value.B.byteLength;
  // At most a byte for two digits, and one more.
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1;
  return 1;
}

/** DynamoDB's limit for a row. */
export const LARGEST = 400 * 1024;

/** Throws `refusal` for a row that DynamoDB would not take. */
export function assertFits(item: Item, refusal: (bytes: number) => Refusal): void {
  const bytes = sizeOf(item);
  if (bytes > LARGEST) throw refusal(bytes);
}
