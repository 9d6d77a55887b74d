import { randomUUID } from 'node:crypto'
import { openDatabase } from '../../bff/src/db'
import { testDatabase } from '../support/database'
import { expectLedgerProven } from '../support/ledger'
import { until } from '../support/patience'
import { faultOf, join, type Person, type RunningHouse, signIn, startHouse } from '../support/running-house'
import { codeOn, enrol, type PhoneCode, seedFor } from './demo-people.fixture'

const database = testDatabase()
let house: RunningHouse
let lin: Awaited<ReturnType<typeof join>>
let qing: Person
let phone: PhoneCode
let url: string

beforeAll(async () => {
  house = await startHouse(database.url)
  url = house.bffs[0]?.url as string
  await seedFor(database.url, house.masterKey)
  qing = await signIn(house.sandbox, url, 'qing')
})
afterAll(() => house?.stop())

describe('Lin joins, finds her old card, shows her code and earns', () => {
  test('a stranger is a guest; nothing of her is kept', async () => {
    const visitor = await signIn(house.sandbox, url, 'lin')
    expect(visitor.guest).toBe(true)
    expect(await faultOf(visitor.api.home.show.query())).toMatchObject({ code: 'SESSION_NEEDED' })
  })

  test('she agrees, gives her phone with one tap, and an old card turns up behind the number', async () => {
    house.sandbox.control.setRank('lin', 1)
    lin = await join(house.sandbox, url, 'lin', { phone: true })
    expect(lin.joined.welcome).toEqual({ points: 0, tier: 1 })
    expect(lin.joined.claim).toMatchObject({ points: 320, triesLeft: 5 })
  })

  test('where she came from and how WeChat rates the visit is kept with her', async () => {
    const books = openDatabase(database.url, 1)
    const where = { memberId: lin.memberId }
    const row = () => books.prisma.member.findUniqueOrThrow({ where, select: { joinChannel: true, joinRisk: true } })
    // the rank is asked for after the answer has gone out
    expect(await until(row, ({ joinRisk }) => joinRisk !== null)).toEqual({ joinChannel: 'weapp', joinRisk: 1 })
    await books.close()
  })

  test('the wrong last four cost a try, the right ones bring 320 points', async () => {
    const claimId = lin.joined.claim?.claimId as string
    const guess = (last4: string) => lin.api.member.claimCard.mutate({ requestId: randomUUID(), claimId, last4 })
    expect(await faultOf(guess('0000'))).toEqual({ code: 'CLAIM_WRONG', detail: { triesLeft: 4 } })
    expect(await guess('3421')).toMatchObject({ points: 320, tier: 1 })
    const home = await lin.api.home.show.query()
    expect(home.card).toMatchObject({ points: 320, pendingPoints: 0, tier: 1, growth: 0 })
  })

  test('her code opens a visit that shows a masked member, once', async () => {
    phone = await enrol(lin.api)
    const code = codeOn(phone)
    const visit = await qing.api.visit.scan.mutate({ requestId: randomUUID(), code, tillId: 'hubin-1' })
    expect(visit.member).toMatchObject({ phoneMasked: '138****2207', tier: 1, points: 320 })
    expect(
      await faultOf(qing.api.visit.scan.mutate({ requestId: randomUUID(), code, tillId: 'hubin-1' })),
    ).toMatchObject({
      code: 'CODE_USED',
    })
    const asked = { requestId: randomUUID(), visitId: visit.visitId, memberRef: visit.memberRef, amountFen: 6_800 }
    const settled = await qing.api.order.settle.mutate(asked)
    expect(settled).toMatchObject({ points: 68, growth: 68, pointsAfter: { available: 320, pending: 68 } })
    expect(await qing.api.order.settle.mutate(asked)).toEqual(settled)
  })

  test('the statement tells it in her words, and the lots say when', async () => {
    const { lines } = await lin.api.ledger.statement.query({ kind: 'earned' })
    expect(lines.map(({ words }) => words)).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\d 在「湖滨店」消费 ¥68\.00，获得 68 积分，.*\d+ 月 \d+ 日生效$/),
      expect.stringMatching(/老会员卡（尾号 3421）并入，带来 320 积分$/),
    ])
    const { lots } = await lin.api.ledger.lots.query()
    expect(lots.map(({ remaining, state }) => [remaining, state]).sort()).toEqual([
      [320, 'active'],
      [68, 'pending'],
    ])
  })

  test('she renames herself, sees what is hers, and signs out', async () => {
    await lin.api.member.rename.mutate({ requestId: randomUUID(), displayName: '林小满' })
    const me = await lin.api.member.me.query()
    expect(me).toMatchObject({ displayName: '林小满', phoneMasked: '138****2207', staff: null })
    expect(me.identities.map(({ kind }) => kind).sort()).toEqual(['phone', 'store_card', 'wechat_openid'])
    await lin.api.session.signOut.mutate()
    expect(await faultOf(lin.api.member.me.query())).toMatchObject({ code: 'SESSION_OVER' })
    const again = await signIn(house.sandbox, url, 'lin')
    expect(again).toMatchObject({ guest: false, memberId: lin.memberId })
  })

  test('the books hold, the audit chain is whole, and nothing secret reached the log', async () => {
    await expectLedgerProven(database.url)
    const zhou = await signIn(house.sandbox, url, 'zhou')
    expect(await zhou.api.audit.verify.query()).toMatchObject({ storeId: 'hubin', intact: true })
    const log = (house.bffs[0]?.lines ?? []).join('\n')
    for (const secret of ['13800002207', phone.secret, lin.token as string, codeOn(phone), '林小满', '/home/'])
      expect(log).not.toContain(secret)
  })
})
