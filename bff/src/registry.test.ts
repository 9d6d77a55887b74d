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
const order = { memberId, orderId: 'o', amountFen: 1_000_000, points: 10_000, growth: 10_000, activeAt: at, at }
/** Events that leave no handler without something to write. */
const events: Events = {
  'member.joined': { memberId, at, arrival: { channel: 'link', link: 'ABCD1234' } },
  'order.settled': order,
  'order.returned': { memberId, orderId: 'o', at },
  'gift.opened': { memberId, givenId: 'g', giftId: 'g', at },
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

/** Tables with a member's id that a merge leaves where they are, and why. */
const STAY = {
  effect: 'says that something has had its effect, whoever it is now; only grows',
  tier_change: 'the history of that record; what the merge did to the tier is noted with the survivor',
  transfer: 'the history of that record; what moved is noted with both',
}

test('every table that a member owns rows of is named by a merge step, or stays for a reason', async () => {
  const house = testHouse(database.url)
  const tables = await house.house.prisma.$queryRaw<{ name: string }[]>`
    SELECT c.table_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND c.column_name = 'member_id' AND t.table_type = 'BASE TABLE' ORDER BY 1`
  const bodies = await house.house.prisma.$queryRaw<{ name: string; body: string }[]>`
    SELECT proname AS name, prosrc AS body FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE '%_merge'`
  await house.close()
  // what is called by another step is named by it
  const reached = (name: string) =>
    registry.mergeSteps.includes(name) || bodies.some(({ body }) => body.includes(`PERFORM ${name}(`))
  expect(bodies.map(({ name }) => name).filter((name) => !reached(name))).toEqual([])
  const moved = bodies.map(({ body }) => body).join('\n')
  const left = tables.filter(({ name }) => !new RegExp(`(UPDATE|INSERT INTO|DELETE FROM) "?${name}"?\\b`).test(moved))
  expect(left.map(({ name }) => name)).toEqual(Object.keys(STAY))
})
