import { acmeClientRunner, newCsr } from './acmeClient.ts';
import type { Prepare } from './runner.ts';

/**
 * acme-client's `auto` with its own defaults; only its check through public resolvers is left out, which a test zone
 * cannot pass.
 */
export const prepare: Prepare = (job) =>
  acmeClientRunner(
    job,
    async (client, responder, { challenge: { type } }, names) =>
      client.auto({
        csr: await newCsr(names),
        termsOfServiceAgreed: true,
        challengePriority: [type],
        skipChallengeVerification: true,
        challengeCreateFn: async (authorization, challenge, value) =>
          responder.show(authorization.identifier.value, challenge.token, value),
        challengeRemoveFn: async () => {},
      }),
    undefined,
  );
