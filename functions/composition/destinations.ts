import { destinations as byKind } from '../../lib/adapters/destinations.ts';
import { secretsManagerClients } from '../../lib/adapters/secretsManager/clients.ts';
import { secretsManagerDestinations } from '../../lib/adapters/secretsManager/destinations.ts';
import { kubernetes } from './kubernetes.ts';
import { sessionName, sts } from './sts.ts';

/** There is no directory of this machine to deliver to: a function has none that lasts. */
export const destinations = byKind({
  kubernetes,
  secretsManager: secretsManagerDestinations({ client: secretsManagerClients({ config: {}, sts, sessionName }) }),
});
