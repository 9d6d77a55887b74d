import type { FaultCode } from '@huiyuan/shared/faults'
import { z } from 'zod'
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi'
import { SIGNING_HEADERS } from './admit-call'
import { faultBody } from './faults'
import { COMMON_FAULTS, PROCEDURES, type Procedure, statusOf } from './router'
import { WEBHOOK_BODIES } from './schemas'

export const BASE = '/api/v1'

/** The OpenAPI 3.1 document of the till interface, from the very schemas that judge calls and answers. */
export const tillDocument = () =>
  createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Huiyuan till interface',
      version: '1',
      description:
        'What a till system of a store may do: recognise a member, price a cart, hold, settle and take back. Money is in fen, ' +
        'times are UTC. Every call is signed; how, with vectors to test against, stands in docs/till-api.md.',
    },
    servers: [{ url: BASE }],
    security: [Object.fromEntries(SIGNING_HEADERS.map((name) => [name, []]))],
    components: {
      securitySchemes: Object.fromEntries(
        SIGNING_HEADERS.map((name) => [name, { type: 'apiKey', in: 'header', name } as const]),
      ),
    },
    paths: pathsOf(PROCEDURES),
    webhooks: Object.fromEntries(
      Object.entries(WEBHOOK_BODIES).map(([event, schema]) => [
        event,
        {
          post: {
            summary: `Posted to a webhook of the store, signed as Standard Webhooks are`,
            requestBody: { content: { 'application/json': { schema } } },
            responses: { '2XX': { description: 'Heard. Anything else is tried again for a day.' } },
            security: [],
          },
        },
      ]),
    ),
  })

function pathsOf(procedures: Procedure[]) {
  const paths: Record<string, Partial<Record<'get' | 'post', ZodOpenApiOperationObject>>> = {}
  for (const procedure of procedures) {
    const { method, path } = procedure.operation
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(procedure) }
  }
  return paths
}

function operationOf({ name, operation, input, output }: Procedure): ZodOpenApiOperationObject {
  const { method, summary, description, faults } = operation
  return {
    operationId: name,
    summary,
    ...(description ? { description } : {}),
    ...(input && method === 'POST' ? { requestBody: { required: true, content: json(input) } } : {}),
    ...(input && method === 'GET' ? { requestParams: { path: z.object(input.shape) } } : {}),
    responses: {
      200: { description: 'Done', content: json(output) },
      ...refusalsOf(faults),
    },
  }
}

const json = (schema: z.ZodType) => ({ 'application/json': { schema } })

/** The faults of an operation by the status that carries them. */
function refusalsOf(faults: FaultCode[]): ZodOpenApiResponsesObject {
  const codes = [...new Set([...COMMON_FAULTS, ...faults])].sort()
  const statuses = [...new Set(codes.map(statusOf))]
  return Object.fromEntries(
    statuses.map((status) => {
      const of = codes.filter((code) => statusOf(code) === status)
      return [status, of.every((code) => COMMON_FAULTS.includes(code)) ? shared(status, of) : refusal(of)]
    }),
  )
}

const refusal = (codes: FaultCode[]) => ({ description: codes.join(', '), content: json(faultBody(codes)) })

/** What every operation can meet stands in the document once. */
const known = new Map<number, ZodOpenApiResponseObject>()
function shared(status: number, codes: FaultCode[]): ZodOpenApiResponseObject {
  const told = known.get(status) ?? { id: `Refused${status}`, ...refusal(codes) }
  known.set(status, told)
  return told
}
