import type { z } from 'zod';
import type { Principal } from '../../lib/application/authorize.ts';
import type { Meta } from '../../lib/application/ledger.ts';
import type { Services } from '../../lib/application/services.ts';
import type { Verb } from '../../lib/domain/token.ts';
import type { DeadLetters } from '../../lib/ports/deadLetters.ts';
import type { OidcOptions } from './auth.ts';
import type { Preconditions } from './conditional.ts';
import type { Query } from './queries.ts';
import type { ApiRequest } from './request.ts';

/** What the routes' use cases need. They hand commands to the ledger; reactions do what follows from them. */
export type ApiServices = Pick<
  Services,
  'ledger' | 'store' | 'views' | 'vault' | 'x509' | 'clusters' | 'limits' | 'clock' | 'ids' | 'log'
>;

/** What the runtime knows and the API shows or needs. */
export interface ApiOptions {
  /** The program's version. */
  readonly version: string;
  /** Directories under which directory destinations may lie; none by default. */
  readonly directoryRoots?: readonly string[];
  /** Where a certificate goes that names no destination; nowhere by default. */
  readonly defaultDestination?: 'secretsManager';
  readonly oidc?: OidcOptions;
  /** What the feed's readers gave up; absent where nothing is. */
  readonly deadLetters?: DeadLetters;
  /** Counters of this process in Prometheus' text format, each line ended; gauges from the views are added. */
  readonly metrics?: () => string | Promise<string>;
  /** Octets that /metrics may answer, where the runtime cannot answer more. */
  readonly largestMetrics?: number;
  /** Lets /metrics be read without a token from this machine. */
  readonly openMetrics?: boolean;
  /** Whether the ledger can be written; where a disk of this machine holds it. */
  readonly writable?: () => Promise<boolean>;
  /** When the last scan of the due index ended, in milliseconds since the epoch; where this process scans. */
  readonly lastScan?: () => number;
  /** Told of each answer. */
  readonly observe?: (answer: {
    readonly operation: string;
    readonly status: number;
    readonly seconds: number;
  }) => void;
}

/** Who may use a route. */
export type Access =
  | 'public'
  /** The verb, for the team that the path names. */
  | { readonly team: 'path'; readonly verb: Verb }
  /** The verb, for every team. */
  | { readonly team: '*'; readonly verb: Verb }
  /** The verb, for whatever team; the handler narrows what is shown. */
  | { readonly team: 'any'; readonly verb: Verb };

/** One request on its way to a use case. */
export interface Call {
  readonly services: ApiServices;
  readonly options: ApiOptions;
  readonly request: ApiRequest;
  readonly principal: Principal;
  /** Parameters of the path, decoded and checked. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The body as JSON; undefined for none. */
  readonly body: unknown;
  readonly preconditions: Preconditions;
  readonly meta: Meta;
}

/** What a handler answers. Exactly one of `json` and `text`, or neither for 204. */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly contentType?: string;
  /** Of the resource's stream; becomes the ETag. */
  readonly version?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a route answers when all is well, for the OpenAPI document. */
export interface Told {
  readonly description: string;
  /** The name of a schema in {@link file://./schemas.ts}. */
  readonly schema?: string;
  readonly contentType?: string;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `/v1/teams/{team}`: a segment in braces is a parameter. */
  readonly path: string;
  /** Names the route in code generated from the OpenAPI document, and in metrics. */
  readonly operation: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly query?: z.ZodType;
  readonly body?: { readonly schema: string; readonly required: boolean };
  /** If-Match and If-None-Match are honoured. */
  readonly conditional?: boolean;
  readonly answers: Readonly<Record<number, Told>>;
  /** Statuses of problems that are this route's own; those of every route are added. */
  readonly problems?: readonly number[];
  handle(call: Call): Promise<Answer>;
}
