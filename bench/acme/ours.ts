import type { Prepare } from './runner.ts';

/**
 * The whole service: from a request accepted to the certificate stored, with the ledger on disk and the state machine. Undefined where the
 * service cannot be embedded here; the bench then says so and measures the protocol core alone.
 */
export const prepare: Prepare | undefined = undefined;
