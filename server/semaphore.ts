/** Lets at most `size` holders in at a time; the others wait in order. */
export interface Semaphore {
  /** Resolves with the release, when it is the caller's turn. */
  take(): Promise<() => void>;
  /** Resolves when nobody holds it. */
  idle(): Promise<void>;
}

/** A release hands its place to whoever waits longest, so that nobody who comes in between can slip past the limit. */
export function semaphore(size: number): Semaphore {
  let held = 0;
  const waiting: (() => void)[] = [];
  const idlers: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next) next();
    else if (--held === 0) for (const idler of idlers.splice(0)) idler();
  };
  return {
    async take() {
      if (held < size) held++;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return release;
    },
    idle: () => (held === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}
