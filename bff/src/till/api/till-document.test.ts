import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { PROJECT } from '../../../../test/support/project'
import { signCall } from '../../../../test/till-client/sign'
import { BASE } from './document'
import { COMMON_FAULTS, PROCEDURES } from './router'
import { WEBHOOK_BODIES } from './schemas'
import { isSignature } from './signature'

const text = readFileSync(join(PROJECT, 'docs', 'till-api.md'), 'utf8')
const [vectors, refusal, told] = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) =>
  JSON.parse(json as string),
)
const [, keyId = '', secret = ''] = /key id `([\w-]+)` and the secret `(\w+)`/.exec(text) ?? []

test('the vectors of the signature: the server takes them, the example client makes them', () => {
  expect(vectors.length).toBe(3)
  for (const { method, path, body, time, nonce, bodyHash, signature } of vectors) {
    expect(createHash('sha256').update(body).digest('hex')).toBe(bodyHash)
    const signed = signCall({ keyId, secret }, { method, path, body }, { time, nonce })
    expect(signed).toMatchObject({ 'huiyuan-key': keyId, 'huiyuan-signature': signature })
    const call = { method, path, body: Buffer.from(body), time: String(time), nonce }
    expect(isSignature(secret, call, signature)).toBe(true)
    expect(isSignature(secret, { ...call, time: String(time + 1) }, signature)).toBe(false)
    expect(isSignature(secret, call, signature.slice(2))).toBe(false)
  }
})

test('the vector of the webhook', () => {
  const [, webhookSecret = ''] = /`(whsec_[\w+/=]+)`/.exec(text) ?? []
  const at = new Date(Number(told['webhook-timestamp']) * 1_000)
  expect(new Webhook(webhookSecret).sign(told['webhook-id'], at, told.body)).toBe(told['webhook-signature'])
  expect(WEBHOOK_BODIES['order.settled'].parse(JSON.parse(told.body))).toEqual(JSON.parse(told.body))
})

test('names every operation, every fault and every field of an event', () => {
  for (const { name, operation } of PROCEDURES)
    expect(text).toContain(`| \`${name}\` | \`${operation.method} ${BASE}${operation.path}\` |`)
  const codes = new Set([...COMMON_FAULTS, ...PROCEDURES.flatMap(({ operation }) => operation.faults)])
  const refusals = text.slice(text.indexOf('## Refusals'), text.indexOf('## How often'))
  const named = [...refusals.matchAll(/`([A-Z]+(?:_[A-Z]+)+|BUSY|UNKNOWN)`/g)].map(([, code]) => code)
  expect([...new Set(named)].sort()).toEqual([...codes].sort())
  expect(codes).toContain(refusal.fault.code)
  for (const [event, { shape }] of Object.entries(WEBHOOK_BODIES)) {
    const fields = Object.keys(shape.data.shape).map((field) => `\`${field}\``)
    expect(text).toContain(`| \`${event}\` | ${fields.join(' ')} |`)
  }
})
