/** Replay-Nonces of one CA (RFC 8555 6.5), kept for the next requests. */
export interface NoncePool {
  take(): Promise<string>;
  /** Takes in an answer's Replay-Nonce, if it had a well-formed one. */
  give(nonce: string | undefined): void;
}

/** Beyond this, the oldest go: more requests than this are never under way at once. */
const MAX_KEPT = 128;
/** CAs forget nonces; one this old costs a refused request more often than the request it saves. */
const MAX_AGE_MS = 600_000;
/** Let's Encrypt allows bursts of 10 newNonce requests; waiters are mostly served by the answers of others. */
const MAX_FETCHES = 4;
/** RFC 8555 6.5.1: anything but base64url must be ignored. */
const NONCE = /^[A-Za-z0-9_-]{1,1024}$/;

interface Waiter {
  readonly resolve: (nonce: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An empty pool. Who finds it empty waits for whichever comes first: a nonce asked for, or one that another's answer
 * brings.
 * @param fetch asks the CA's newNonce; when it fails, all who wait fail
 * @param now milliseconds, monotonic
 */
export function noncePool(fetch: () => Promise<string>, now: () => number): NoncePool {
  let kept: { readonly nonce: string; readonly at: number }[] = [];
  let waiting: Waiter[] = [];
  let fetching = 0;

  function give(nonce: string | undefined): void {
    if (nonce === undefined || !NONCE.test(nonce)) return;
    const waiter = waiting.shift();
    if (waiter) {
      waiter.resolve(nonce);
      return;
    }
    kept.push({ nonce, at: now() });
    if (kept.length > MAX_KEPT) kept.shift();
  }

  function failAll(error: unknown): void {
    const failed = waiting;
    waiting = [];
    for (const waiter of failed) waiter.reject(error);
  }

  function fetchForWaiters(): void {
    while (fetching < Math.min(waiting.length, MAX_FETCHES)) {
      fetching++;
      fetch()
        .then(give, failAll)
        .finally(() => {
          fetching--;
          fetchForWaiters();
        });
    }
  }

  return {
    give,
    async take() {
      // The newest first: it lives longest. Once it is too old, all are.
      const newest = kept.pop();
      if (newest && now() - newest.at < MAX_AGE_MS) return newest.nonce;
      kept = [];
      return new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
        fetchForWaiters();
      });
    },
  };
}
