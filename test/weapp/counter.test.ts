import { randomUUID } from 'node:crypto'
import { codeOn, enrol } from '../story/demo-people.fixture'
import { type Client, type Person, signIn } from '../support/running-house'
import { phoneHouse } from './house.fixture'
import type { Phone } from './runtime/phone'
import { describeWithWcc } from './wcc.fixture'

const there = phoneHouse()
let mei: Person
let code: () => string
let phone: Phone

beforeAll(async () => {
  mei = await signIn(there.house.sandbox, there.url, 'mei')
  const enrolled = await enrol(mei.api)
  let steps = 0
  // A code opens one visit, the next one is a step ahead.
  code = () => codeOn(enrolled, steps++)
  phone = there.phoneOf('qing', { holder: { scans: () => code() } })
  await phone.start()
})

const pointsOf = async (api: Client) => (await api.home.show.query()).card

describeWithWcc('Qing at the counter of 湖滨店, with her own phone', () => {
  test('finds the way in among her own things', async () => {
    await phone.tap('#tab-me')
    await phone.tap('#staff-open')
    expect(phone.page().page.path).toBe('pages/staff/counter')
    expect(phone.text()).toContain('湖滨店')
  })

  test('scans, rings up and settles in one tap each beside the amount', async () => {
    const before = await pointsOf(mei.api)
    await phone.tap('#scan-open')
    expect(phone.text()).toMatch(/小\*|\*梅/)
    for (const key of ['key-6', 'key-8']) await phone.tap(`#${key}`)
    await phone.until('what it earns', () => phone.sees('#earn'))
    await phone.tap('#settle')
    expect(phone.text()).toContain('已入账 ¥68.00')
    await phone.tap('#next-member')
    const after = await pointsOf(mei.api)
    expect(after.pendingPoints - before.pendingPoints).toBeGreaterThanOrEqual(68)
    expect(phone.complaints()).toEqual([])
  })

  test('hears in words that a code is worth nothing, and leaving the camera is no fault', async () => {
    phone.holder.scans = () => '123456789012345678'
    await phone.tap('#scan-open')
    const refused = phone.text()
    expect(refused).toMatch(/码/)
    phone.holder.scans = () => null
    await phone.tap('#scan-open')
    expect(phone.text()).toBe(refused)
    expect(phone.complaints()).toEqual([])
  })

  test('finds a member by what is said, who then may earn', async () => {
    await phone.tap('#find-open')
    await phone.type('#find-input', '13800003318')
    await phone.tap('#find-submit')
    expect(phone.text()).toMatch(/小\*|\*梅/)
  })
})

describeWithWcc('somebody who does not work here', () => {
  test('is told so at the counter’s address', async () => {
    const other = there.phoneOf('mei')
    await other.start({ path: 'pages/staff/counter' })
    expect(other.text()).toContain('你的账号还不是店员')
    expect(other.sees('#settle')).toBe(false)
    expect(other.complaints()).toEqual([])
  })
})

describeWithWcc('a long statement', () => {
  test('comes in pages, and no page weighs more than 8 KB', async () => {
    const { api } = await signIn(there.house.sandbox, there.url, 'zhou')
    const { visitId, memberRef } = await api.visit.find.mutate({
      requestId: randomUUID(),
      phone: '13800003318',
      tillId: 'hubin-2',
    })
    for (let n = 0; n < 30; n += 1) {
      await api.order.settle.mutate({ requestId: randomUUID(), visitId, memberRef, amountFen: 100 * (n + 20) })
    }
    const reader = there.phoneOf('mei')
    await reader.start({ path: 'pages/ledger/statement' })
    const lines = () => reader.text().split('湖滨店').length
    const first = lines()
    expect(first).toBeGreaterThan(8)
    for (let page = 0; page < 3; page += 1) await reader.reachBottom()
    expect(lines()).toBeGreaterThan(first)
    const heavy = reader.journal.setData.filter(({ bytes, nth }) => nth > 1 && bytes > 8 * 1024)
    expect(heavy).toEqual([])
  })
})
