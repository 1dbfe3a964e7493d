import { challengeTokens } from '../composition/challenges.ts';
import { lambdaHttp01 } from '../http01/lambda.ts';

export const handler = lambdaHttp01(challengeTokens);
