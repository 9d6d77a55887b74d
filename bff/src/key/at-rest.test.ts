import { randomUUID } from 'node:crypto'
import { runOnce } from '@huiyuan/prisma/database/databases'
import { seedFor } from '../../../test/story/demo-people.fixture'
import { testDatabase } from '../../../test/support/database'
import { newPhone } from '../../../test/support/people'
import { exchange, newReward, saver } from '../mall/mall.fixture'
import { attachPhone } from '../member/attach-phone'
import { button, newMember, newNumber } from '../member/member.fixture'
import { renameMember } from '../member/rename-member'
import { sendSmsCode } from '../sms'
import { databaseTokenStore } from '../wechat'
import { housesOf, STEPS } from './key.fixture'

const database = testDatabase()

/** Everything in the database as it would stand in a dump, bytes in hex. */
async function dump(): Promise<Map<string, string>> {
  const { rows } = await runOnce(
    database.url,
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  const tables = new Map<string, string>()
  for (const { name } of rows) {
    const all = await runOnce(database.url, `SELECT coalesce(string_agg(r::text, chr(10)), '') AS text FROM ${name} r`)
    tables.set(name, all.rows[0].text)
  }
  return tables
}

/** A text as it is, in hex and in base64, wherever in a longer text it begins. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text)
  // three bytes are four letters: what is cut off at both ends depends on what stands beside it
  const shifted = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return whole.slice(before === 0 ? 0 : before + 1, -4)
  })
  return [text, bytes.toString('hex'), ...shifted.filter((form) => form.length >= 6)]
}

test('a dump of a house with people shows no phone, no name, no secret and no partner’s code; nor does its log', async () => {
  const lines: string[] = []
  const write = (...parts: unknown[]) => void lines.push(JSON.stringify(parts))
  const texts: string[] = []
  const { before: house, ...others } = housesOf(database.url, {
    log: { info: write, warn: write, error: write },
    sendText: async (_phone, text) => void texts.push(text),
  })
  await seedFor(database.url, STEPS.before)
  const [moved, typed, code] = [newNumber(), newNumber(), `YZ-${randomUUID().slice(0, 13)}`]
  const [me, you] = [await saver(house), await newMember(house, { name: '欧阳南烛' })]
  await attachPhone(house.as(me.memberId), { requestId: randomUUID(), phone: button(moved) })
  await attachPhone(house.as(me.memberId), { requestId: randomUUID(), phone: button(you.phone) })
  await renameMember(house.as(me.memberId), { requestId: randomUUID(), displayName: '司徒青梧' })
  await exchange(house.as(me.memberId), await newReward(house, { kind: 'partner_code', codes: [code] }))
  await sendSmsCode(house.as(), typed)
  await databaseTokenStore(house.house.prisma, house.house.keys).write('wx', 'token-of-the-house', new Date())
  const { secret } = await newPhone({ ctx: house.as(me.memberId) })

  const phones = [me.phone, you.phone, moved, typed, '+8613800003318', '+8613800002207', '+8613800004429']
  const names = ['林小满', '欧阳南烛', '司徒青梧', '小梅', '小林', '阿青', '老周', '运营小唐', '运营安姐']
  const secrets = [...phones.map((phone) => phone.slice(3)), ...names, code, 'token-of-the-house']
  const forms = [
    ...secrets.flatMap(formsOf),
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64'),
  ]
  const tables = await dump()
  // what is not sealed would be found
  expect(formsOf('湖滨').filter((form) => tables.get('public.store')?.includes(form))).toEqual(['湖滨'])
  for (const before of ['', 'a', 'ab', 'abc']) {
    const hidden = Buffer.from(`${before}司徒青梧。`).toString('base64')
    expect(formsOf('司徒青梧').some((form) => hidden.includes(form))).toBe(true)
  }
  const shown = [...tables].flatMap(([name, text]) =>
    forms.filter((form) => text.includes(form)).map((form) => [name, form]),
  )
  expect(shown).toEqual([])
  expect(forms.filter((form) => lines.join().includes(form))).toEqual([])
  // the masks and the seals are what is left
  const all = await house.house.prisma.identity.findMany({ where: { kind: 'phone' } })
  expect(all.map(({ subjectSealed }) => house.house.keys.openText(subjectSealed as Uint8Array))).toContain(you.phone)
  await Promise.all([house, ...Object.values(others)].map((one) => one.close()))
})
