/** What a contract suite runs on: an empty port, and the way to open the same data once more as a restarted process would. */
export interface Fixture<T> {
  readonly port: T;
  /** Lets go of the first and opens the data again; from then on `port` is not used. */
  reopen(): Promise<T>;
  close(): Promise<void>;
}

/** Makes an empty {@link Fixture}. */
export type MakeFixture<T> = () => Promise<Fixture<T>>;

/** Runs `body` on a new fixture and closes it after. */
export async function withFixture<T>(make: MakeFixture<T>, body: (port: T, fixture: Fixture<T>) => Promise<void>) {
  const fixture = await make();
  try {
    await body(fixture.port, fixture);
  } finally {
    await fixture.close();
  }
}
