import { randomUUID } from 'node:crypto'
import type { Cast, ProcedureCase } from './procedure-cases.fixture'

const requestId = () => randomUUID()
const noSuch = (field: 'keyId' | 'webhookId' | 'deliveryId') => ({
  [field]: { input: ({ foreign }: Cast) => ({ requestId: requestId(), [field]: foreign[field] }), answer: 'NOT_FOUND' },
})

export const TILL_CASES: Record<string, ProcedureCase> = {
  'till.listKeys': { for: 'manager', input: () => undefined },
  'till.createKey': {
    for: 'manager',
    input: () => ({ requestId: requestId(), tillId: 'hubin-1', label: '走查' }),
    foreign: {
      tillId: { input: () => ({ requestId: requestId(), tillId: 'xihu-1', label: '走查' }), answer: 'TILL_UNKNOWN' },
    },
  },
  'till.revokeKey': {
    for: 'manager',
    input: () => ({ requestId: requestId(), keyId: randomUUID() }),
    foreign: noSuch('keyId'),
  },
  'webhook.list': { for: 'manager', input: () => undefined },
  'webhook.create': {
    for: 'manager',
    input: () => ({ requestId: requestId(), url: 'http://127.0.0.1:9/', events: ['order.settled'] }),
  },
  'webhook.end': {
    for: 'manager',
    input: () => ({ requestId: requestId(), webhookId: randomUUID() }),
    foreign: noSuch('webhookId'),
  },
  'webhook.deliveries': {
    for: 'manager',
    input: () => ({ webhookId: randomUUID() }),
    foreign: noSuch('webhookId'),
  },
  'webhook.resend': {
    for: 'manager',
    input: () => ({ requestId: requestId(), deliveryId: randomUUID() }),
    foreign: noSuch('deliveryId'),
  },
}
