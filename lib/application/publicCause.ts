import type { FailureClass, Problem } from '../domain/problem.ts';
import { adviceFor } from './advice.ts';
import type { Cause } from './schema/answers.ts';

const LONGEST = 500;
/** What is read of a longer text, so that the work is bounded; its rest would not be shown. */
const READ = 4000;
/** A challenge's path ends with its token (RFC 8555 8.3). */
const CHALLENGE_PATH = /(\/\.well-known\/acme-challenge\/)[A-Za-z0-9_-]+/g;
/** Resources of a CA: orders, authorizations, challenges and the like, whatever the CA calls the folder. */
const CA_RESOURCE =
  /https?:\/\/[^\s"'\]]*\/(?:order|orderz|authz|authZ|chall|chalZ|chall-v3|finalize|acct|my-account|my-order)[^\s"'\]]*/gi;
/** Tokens, key authorizations and TXT values (RFC 8555 8.1, 8.4) are base64url of 128 bits and more. */
const LONG_WORD =
  /(?<![A-Za-z0-9_.-])(?=[A-Za-z0-9_-]*[A-Z0-9_])[A-Za-z0-9_-]{22,}(?:\.[A-Za-z0-9_-]{22,})?(?![A-Za-z0-9_-]|\.[A-Za-z0-9])/g;

/** Where a person ends a pause that Let's Encrypt put on a name: what it carries is made for whoever reads the message, and does nothing else. */
const UNPAUSE = /https:\/\/[^\s"'\]]{1,200}\/unpause\?jwt=[A-Za-z0-9_.-]{1,1500}/;

/** A foreign text as tenants may read it: no order URLs, no tokens, not endless. The link that ends a pause stays whole. */
export function publicText(text: string): string {
  const link = UNPAUSE.exec(text.slice(0, READ))?.[0];
  if (link === undefined) return withoutTokens(text);
  const at = text.indexOf(link);
  return `${withoutTokens(text.slice(0, at))}${link}${withoutTokens(text.slice(at + link.length))}`;
}

function withoutTokens(text: string): string {
  const clean = text
    .slice(0, READ)
    .replace(CHALLENGE_PATH, '$1<token>')
    .replace(CA_RESOURCE, '<url>')
    .replace(LONG_WORD, '<token>');
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST).toWellFormed()}...` : clean.toWellFormed();
}

/** A problem as tenants may read it, with what to do about it. */
export function publicCause(problem: Problem, kind?: FailureClass): Cause {
  const { type, detail, identifier } = problem;
  return {
    code: type,
    detail: publicText(detail),
    ...(identifier && { identifier: identifier.value }),
    remedy: adviceFor(type, kind),
  };
}

/** The causes for single names, where the CA gave them (RFC 8555 6.7.1). */
export const publicCauses = (problem: Problem, kind?: FailureClass): Cause[] =>
  (problem.subproblems ?? []).map((one) => publicCause(one, kind));
