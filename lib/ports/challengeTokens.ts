/**
 * HTTP-01 tokens that are presented now (RFC 8555 8.3). Contract: `find` answers the key authorization of a live presented token, and
 * nothing else; what one process put, a process after a restart finds.
 */
export interface ChallengeTokens {
  put(token: string, keyAuthorization: string): Promise<void>;
  find(token: string): Promise<string | undefined>;
  remove(token: string): Promise<void>;
}

/**
 * Who still needs a presented value: two orders may share one pending authorization. Contract: `hold` is idempotent; `release` answers true
 * when nobody holds the value any more, so that the last one out removes it.
 */
export interface Holders {
  hold(value: string, holder: string): Promise<void>;
  release(value: string, holder: string): Promise<boolean>;
}
