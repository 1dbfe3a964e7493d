import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import {
  ApiMapping,
  type CfnStage,
  DomainName,
  HttpApi,
  HttpMethod,
  type IHttpStage,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import { acknowledge } from './constructs/acknowledge.ts';
import { Handler } from './constructs/handler.ts';
import { type House, logGroup } from './constructs/house.ts';
import type { DataStack } from './data.ts';
import { arnsOf, environmentOf } from './environment.ts';
import type { ApiFunction } from './functions.ts';
import type { WorkflowStack } from './workflow.ts';

/** What the access log keeps of a request: no header, no query, no body, so no token. */
const ACCESS_LOG = {
  at: '$context.requestTime',
  requestId: '$context.requestId',
  ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  octets: '$context.responseLength',
  milliseconds: '$context.responseLatency',
  error: '$context.integrationErrorMessage',
};

interface ApiProps extends StackProps {
  readonly house: House;
  readonly data: DataStack;
  /** Whose dead letters the API works off. */
  readonly workflow: WorkflowStack;
}

/** The HTTP API. The function itself checks tokens, so that every refusal has the form that the embedded service gives it. */
export class ApiStack extends Stack {
  readonly api: HttpApi;
  readonly handlers: Readonly<Record<ApiFunction, Handler>>;

  constructor(scope: Construct, id: string, { house, data, workflow, ...props }: ApiProps) {
    super(scope, id, props);
    this.addStackDependency(data);
    const { deadLetters, handlers } = workflow;
    const { project, react } = handlers;
    const feed = {
      arns: {
        deadLetters: deadLetters.queueArn,
        readers: [project.function.functionArn, react.function.functionArn],
      },
      environment: {
        DEAD_LETTERS: deadLetters.queueUrl,
        PROJECT_FUNCTION: project.function.functionName,
        REACT_FUNCTION: react.function.functionName,
      },
    };
    const handler = (name: ApiFunction): Handler =>
      new Handler(this, name, {
        house,
        name,
        arns: { ...arnsOf(this, house, data), ...(name === 'api' && feed.arns) },
        environment: { ...environmentOf(house, data), ...(name === 'api' && feed.environment) },
        logKey: data.keys.logs,
      });
    this.handlers = {
      api: handler('api'),
      http01: handler('http01'),
      adminToken: handler('adminToken'),
      rebuild: handler('rebuild'),
      rewrap: handler('rewrap'),
    };
    this.api = new HttpApi(this, 'Api', { apiName: house.config.instance, createDefaultStage: false });
    const { rate, burst } = house.config.throttle;
    const log = logGroup(this, 'AccessLog', house, data.keys.logs, 'access');
    const stage = this.api.addStage('Stage', {
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: rate, burstLimit: burst },
    });
    (stage.node.defaultChild as CfnStage).accessLogSettings = {
      destinationArn: log.logGroupArn,
      format: JSON.stringify(ACCESS_LOG),
    };
    this.#route('/.well-known/acme-challenge/{token}', [HttpMethod.GET, HttpMethod.HEAD], this.handlers.http01);
    this.#route('/{proxy+}', [HttpMethod.ANY], this.handlers.api);
    this.#domain(house, stage);
    const { domain } = house.config;
    new CfnOutput(this, 'Url', {
      value: domain ? `https://${domain.name}` : this.api.apiEndpoint,
      description: 'what the command line is told as its URL',
    });
  }

  /** The name that the configuration gives the API. What its record in DNS is to point to is told when it is deployed. */
  #domain({ config: { domain } }: House, stage: IHttpStage): void {
    if (!domain) return;
    const certificate = Certificate.fromCertificateArn(this, 'DomainCertificate', domain.certificateArn);
    const made = new DomainName(this, 'Domain', { domainName: domain.name, certificate });
    new ApiMapping(this, 'DomainMapping', { api: this.api, domainName: made, stage });
    new CfnOutput(this, 'DomainTarget', {
      value: made.regionalDomainName,
      description: `what the record of ${domain.name} in DNS is to point to`,
    });
  }

  #route(path: string, methods: HttpMethod[], { function: handler }: Handler): void {
    const integration = new HttpLambdaIntegration(`${handler.node.path.split('/').at(-2)}Integration`, handler);
    for (const route of this.api.addRoutes({ path, methods, integration })) {
      acknowledge(
        route,
        'the function checks tokens itself, so that refusals are the same on both runtimes; challenges are for anybody',
        'APIG4',
      );
    }
  }
}
