import { beforeAll } from 'vitest';
import { apiContract } from '../../contract/api.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';

describeWith(['ministack'], 'The API of the deployed app, through API Gateway', () => {
  let app: Deployed;
  beforeAll(async () => {
    app = await deployed();
  }, DEPLOYING);

  apiContract(() => ({ identity: app.identity, send: app.request }));
});
