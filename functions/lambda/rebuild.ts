import { ledger, store } from '../composition/ledger.ts';
import { log } from '../composition/system.ts';
import { views } from '../composition/views.ts';
import { rebuildTurn } from '../views/rebuild.ts';

export const handler = rebuildTurn({ ledger, store, views, log });
