import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { testDatabase } from '../../test/support/database'
import { testHouse } from '../../test/support/people'
import { PROJECT } from '../../test/support/project'
import type { Events } from './ctx'
import { registry } from './registry'

const database = testDatabase()

const at = new Date('2026-11-22T04:00:00Z')
const memberId = 'm'
const payerPrints = [{ kind: 'payer', print: 'p' }]
const order = {
  memberId,
  orderId: 'o',
  amountFen: 1_000_000,
  points: 10_000,
  growth: 10_000,
  activeAt: at,
  at,
  payerPrints,
}
/** Events that leave no handler without something to write. */
const events: Events = {
  'member.joined': { memberId, at, arrival: { channel: 'link', link: 'ABCD1234', article: 'first_frost' } },
  'order.settled': order,
  'order.returned': { memberId, orderId: 'o', at },
  'obligation.attended': { memberId, obligationId: 'o', proofId: 'p', at },
  'member.renamed': { memberId, at },
  'gift.opened': { memberId, givenId: 'g', giftId: 'g', at },
  'upload.checked': { memberId, verdict: 'passed', at },
}

test('run_handlers calls what the handlers of the registry ask for, and nothing besides', () => {
  const asked = Object.entries(registry.handlers).flatMap(([name, handlers]) =>
    handlers.map((handler) => {
      const calls = handler(events[name as keyof Events] as never, DEMO_POLICY)
      // a handler that has nothing to write would hide what it calls
      expect(calls).not.toEqual([])
      return calls.map(({ fn }) => fn)
    }),
  )
  const text = readFileSync(join(PROJECT, 'prisma', 'functions', 'handlers.sql'), 'utf8')
  const listed = [...text.matchAll(/WHEN '(\w+)' THEN answer := (\w+)\(args\);/g)]
  for (const [, name, called] of listed) expect(called).toBe(name)
  expect(listed.map(([, name]) => name).sort()).toEqual([...new Set(asked.flat())].sort())
})

test('another name is refused, also that of a function there is', async () => {
  const house = testHouse(database.url)
  await expect(house.house.sql('run_handlers', [{ fn: 'ledger_merge', args: {} }])).rejects.toThrow(
    'no handler is called ledger_merge',
  )
  await house.close()
})
