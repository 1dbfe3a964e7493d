import { log } from '../composition/system.ts';
import { dataKeys, sealedRows } from '../composition/vault.ts';
import { rewrapTurn } from '../vault/rewrap.ts';

export const handler = rewrapTurn(sealedRows, dataKeys, log);
