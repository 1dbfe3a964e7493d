import { type Rewrapped, rewrapAll } from '../../lib/adapters/vault/secretVault.ts';
import type { DataKeys } from '../../lib/ports/dataKeys.ts';
import type { SealedRows } from '../../lib/ports/secretVault.ts';
import type { Log } from '../../lib/ports/system.ts';

/** What Lambda tells of the invocation. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
interface Invocation {
  getRemainingTimeInMillis(): number;
}

/** Milliseconds that a page may take, and a slow one; with less left, no other is begun. */
const PAGE_TIME = 60_000;

/**
 * Wraps the data keys of all sealed rows anew by the vault's key, for whoever may call the function, as far as an invocation's time goes. An
 * answer with `after` is not the last: it is called again with that.
 */
export const rewrapTurn =
  (rows: SealedRows, dataKeys: DataKeys, log: Log) =>
  async ({ after }: { readonly after?: string }, invocation: Invocation): Promise<Rewrapped & { done: boolean }> => {
    const more = (): boolean => invocation.getRemainingTimeInMillis() > PAGE_TIME;
    const rewrapped = await rewrapAll(rows, dataKeys, { ...(after !== undefined && { after }), more });
    const answer = { ...rewrapped, done: rewrapped.after === undefined };
    log.info('data keys are wrapped anew', { ...answer });
    return answer;
  };
