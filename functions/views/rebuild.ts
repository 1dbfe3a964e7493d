import { type Rebuilt, rebuild } from '../../lib/application/rebuild.ts';

type Needs = Parameters<typeof rebuild>[0];

/** What Lambda tells of the invocation. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
interface Invocation {
  getRemainingTimeInMillis(): number;
}

/** Milliseconds that a page may take, and a slow one; with less left, no other is begun. */
const PAGE_TIME = 60_000;

/**
 * Makes the views anew for whoever may call the function, as far as an invocation's time goes. One that was ended goes on where it was, unless the
 * event says `restart`; so it is called again until it answers `done`.
 */
export const rebuildTurn =
  (services: Needs) =>
  async (event: { readonly restart?: boolean }, invocation: Invocation): Promise<Rebuilt> => {
    const more = (): boolean => invocation.getRemainingTimeInMillis() > PAGE_TIME;
    const rebuilt = await rebuild(services, { resume: event.restart !== true, more });
    services.log.info('the views are made anew', { ...rebuilt });
    return rebuilt;
  };
