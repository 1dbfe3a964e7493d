import { hash } from 'node:crypto';
import type { Decider, DomainEvent, Evolver } from '../domain/decider.ts';
import { canonicalJson } from '../domain/json.ts';
import type { Instant } from '../domain/time.ts';
import { later } from '../domain/time.ts';
import type { Commit, EventStore, Head } from '../ports/eventStore.ts';
import type { Clock, Ids } from '../ports/system.ts';
import { upcast } from './upcast.ts';

/** Who acts, and on behalf of what. `correlationId` ties together all that one request led to. */
export interface Meta {
  readonly actor: string;
  readonly correlationId?: string;
  readonly causationId?: string;
}

/** A stream as it is now. `version` 0: nothing was ever written. */
export interface Loaded<S> {
  readonly stream: string;
  readonly state: S;
  readonly version: number;
  readonly at?: Instant;
}

export interface Handled<S, E> extends Loaded<S> {
  /** Empty when the command changed nothing. */
  readonly events: readonly E[];
}

/** Other writers kept being first; nothing was written. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** The stream is not at the version that the caller named (If-Match); nothing was written. */
export class StaleVersion extends Error {
  override readonly name = 'StaleVersion';
  readonly version: number;
  constructor(version: number) {
    super(`the resource is at version ${version}`);
    this.version = version;
  }
}

const ATTEMPTS = 10;

/** SHA-256 (hex) over a commit's content, its predecessor's hash included. */
export function hashCommit(commit: Omit<Commit, 'hash'>): string {
  return hash('sha256', canonicalJson(commit));
}

/** Loads streams and handles commands: load, decide, append; decided again when another writer was first. */
export class Ledger {
  readonly #store: EventStore;
  readonly #clock: Clock;
  readonly #ids: Ids;

  constructor(store: EventStore, clock: Clock, ids: Ids) {
    this.#store = store;
    this.#clock = clock;
    this.#ids = ids;
  }

  /** The stream's present state, by one consistent read of its head (or by folding, when the snapshot is of another version). */
  async load<S, E extends DomainEvent>(evolver: Evolver<S, E>, stream: string): Promise<Loaded<S>> {
    const { head, state } = await this.#read(evolver, stream);
    return { stream, state, version: head?.version ?? 0, at: head?.at };
  }

  /** The stream's state as it was at `at`. */
  async loadAt<S, E extends DomainEvent>(evolver: Evolver<S, E>, stream: string, at: Instant): Promise<Loaded<S>> {
    const commits = (await this.#store.commits(stream)).filter((commit) => commit.at <= at);
    const last = commits.at(-1);
    return { stream, state: fold(evolver, evolver.initialState, commits), version: last?.version ?? 0, at: last?.at };
  }

  /**
   * Decides and appends.
   * @param expected the version that the caller saw; another one throws StaleVersion
   * @throws Refusal from the decider; ConflictError when other writers were first ten times
   */
  async handle<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    stream: string,
    command: C,
    meta: Meta,
    expected?: number,
  ): Promise<Handled<S, E>> {
    return this.handleAll(decider, stream, [command], meta, expected);
  }

  /** As {@link handle}, for several commands: each is decided on the state that those before it led to, and one commit holds all events. */
  async handleAll<C, S, E extends DomainEvent>(
    decider: Decider<C, S, E>,
    stream: string,
    commands: readonly C[],
    meta: Meta,
    expected?: number,
  ): Promise<Handled<S, E>> {
    const commitId = this.#ids.uuid();
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { head, state } = await this.#read(decider, stream);
      const version = head?.version ?? 0;
      if (expected !== undefined && expected !== version) throw new StaleVersion(version);
      // A clock that was set back must not move what is due into the future with it; only commits stay in order.
      const now = this.#clock.now();
      const at = later(now, head?.at ?? '');
      const { events, next } = decideAll(decider, commands, state, now, at);
      if (events.length === 0) return { stream, state, version, at: head?.at, events };
      const commit = this.#commit(stream, head, events, at, commitId, meta);
      const answer = await this.#store.append(commit, {
        stream,
        version: commit.version,
        hash: commit.hash,
        at,
        commitId,
        snapshot: { evolve: decider.evolveVersion, state: next },
        dueAt: decider.dueAt(next),
      });
      if (answer === 'appended') return { stream, state: next, version: commit.version, at, events };
    }
    throw new ConflictError(`${stream}: other writers were first ${ATTEMPTS} times`);
  }

  #commit(
    stream: string,
    head: Head | undefined,
    events: readonly DomainEvent[],
    at: Instant,
    commitId: string,
    meta: Meta,
  ): Commit {
    const commit = {
      stream,
      version: (head?.version ?? 0) + 1,
      events,
      at,
      actor: meta.actor,
      commitId,
      correlationId: meta.correlationId ?? commitId,
      causationId: meta.causationId,
      previousHash: head?.hash ?? '',
    };
    return { ...commit, hash: hashCommit(commit) };
  }

  async #read<S, E extends DomainEvent>(
    evolver: Evolver<S, E>,
    stream: string,
  ): Promise<{ head: Head | undefined; state: S }> {
    const head = await this.#store.head(stream);
    if (!head) return { head, state: evolver.initialState };
    if (head.snapshot.evolve === evolver.evolveVersion) return { head, state: head.snapshot.state as S };
    const commits = (await this.#store.commits(stream)).filter((commit) => commit.version <= head.version);
    return { head, state: fold(evolver, evolver.initialState, commits) };
  }
}

function decideAll<C, S, E extends DomainEvent>(
  decider: Decider<C, S, E>,
  commands: readonly C[],
  state: S,
  now: Instant,
  at: Instant,
): { events: readonly E[]; next: S } {
  const events: E[] = [];
  let next = state;
  for (const command of commands) {
    for (const event of decider.decide(command, next, now)) {
      events.push(event);
      next = decider.evolve(next, event, at);
    }
  }
  return { events, next };
}

/** Folds commits onto a state, old event shapes translated. */
export function fold<S, E extends DomainEvent>(evolver: Evolver<S, E>, state: S, commits: readonly Commit[]): S {
  let next = state;
  for (const commit of commits) {
    for (const event of commit.events) next = evolver.evolve(next, upcast(event) as E, commit.at);
  }
  return next;
}
