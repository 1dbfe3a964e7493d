import { clusterSurvey } from '../../lib/adapters/kubernetes/clusterSurvey.ts';
import { copyObserver } from '../../lib/application/drift.ts';
import { signIn } from './eks.ts';
import { http } from './http.ts';
import { instance } from './instance.ts';
import { kubernetes } from './kubernetes.ts';
import { ledger } from './ledger.ts';
import { metrics } from './metrics.ts';
import { ids, log } from './system.ts';
import { vault } from './vault.ts';
import { views } from './views.ts';
import { x509 } from './x509.ts';

const asked = clusterSurvey({ http });

/** Looks after what was delivered to clusters; the one that asks them how they are has it. */
export const copies = copyObserver({
  ...{ instance, ledger, views, vault, x509, ids, log, metrics },
  clusters: { survey: async (access, left) => asked.survey(await signIn(access), left) },
  destinations: kubernetes,
});
